// The way to the kernel: direct socket, Jupyter's proxy, or comm, found in this order and kept to.
// In: messages and chunks, to be sent. Out: the kernel's. Does not know: what they mean.

const SOCKET_MS = 800; // two tries fall through within 2 s
const ANSWER_MS = 2000;
const COMM_FRAMES = 3; // each message costs the notebook more than the 20 ms of sound in it
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

// Where Jupyter's own pages say that the server's addresses begin; null in other front ends.
function baseUrl() {
  try {
    return JSON.parse(document.getElementById("jupyter-config-data").textContent).baseUrl ?? null;
  } catch {
    return null;
  }
}

class Way {
  constructor(model, { found, lost, message, chunk }) {
    Object.assign(this, { model, found, lost, message, chunk });
    this.page = crypto.getRandomValues(new Uint32Array(4)).join("-");
    this.name = "none";
    this.socket = null;
    this.closed = false;
    this.waiting = new Map();
    this.gathered = [];
    this.fromComm = (content, buffers) => this.takeComm(content, buffers);
    model.on("msg:custom", this.fromComm);
  }

  async find() {
    this.drop();
    const door = await this.ask({ type: "hello", origin: location.origin }, "door");
    if (!door) return;
    for (const [name, address, token] of this.addresses(door)) {
      if (await this.open(name, address, token)) return;
      if (this.closed) return;
    }
    const welcome = await this.ask({ type: "here" }, "welcome");
    if (welcome) this.settle("comm", null, welcome);
  }

  addresses({ port, direct, proxy }) {
    const ways = [];
    if (direct && LOOPBACK.includes(location.hostname)) ways.push(["direct", `ws://127.0.0.1:${port}/`, direct]);
    const base = baseUrl();
    if (base !== null) {
      const address = new URL(`${base}proxy/${port}/`, location.href);
      address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      ways.push(["proxy", address.href, proxy]);
    }
    return ways;
  }

  // Asks by comm, again and again until the kernel answers or the page is closed.
  async ask(message, answer) {
    while (!this.closed) {
      const heard = new Promise((resolve) => this.waiting.set(answer, resolve));
      if (!this.post(message)) return null;
      const given = await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, ANSWER_MS, null))]);
      this.waiting.delete(answer);
      if (given) return given;
    }
    return null;
  }

  // False when the comm is dead: a kernel that was restarted never answers on it again.
  post(message, buffers) {
    try {
      this.model.send({ ...message, page: this.page }, undefined, buffers);
      return true;
    } catch {
      return false;
    }
  }

  open(name, address, token) {
    return new Promise((resolve) => {
      const socket = new WebSocket(address);
      socket.binaryType = "arraybuffer";
      const fail = () => {
        clearTimeout(limit);
        socket.onmessage = socket.onclose = null;
        socket.close();
        resolve(false);
      };
      const limit = setTimeout(fail, SOCKET_MS);
      socket.onopen = () => socket.send(JSON.stringify({ type: "here", token }));
      socket.onclose = fail;
      socket.onmessage = ({ data }) => {
        const welcome = typeof data === "string" ? JSON.parse(data) : {};
        if (welcome.type !== "welcome") return;
        clearTimeout(limit);
        if (this.closed) fail();
        else this.settle(name, socket, welcome);
        resolve(true);
      };
    });
  }

  settle(name, socket, welcome) {
    this.name = name;
    this.socket = socket;
    if (socket) {
      socket.onmessage = ({ data }) => {
        if (typeof data === "string") this.take(JSON.parse(data));
        else this.chunk(unpack(data));
      };
      socket.onclose = () => {
        if (this.socket === socket) this.lost();
      };
    }
    this.found(welcome);
  }

  takeComm(content, buffers) {
    if (content?.to !== this.page) return; // another page of this notebook hears the same comm
    const answer = this.waiting.get(content.type);
    if (answer) answer(content);
    else if (this.name === "comm" && content.type === "sound") {
      const { buffer, byteOffset, byteLength } = buffers[0];
      this.chunk(unpack(buffer.slice(byteOffset, byteOffset + byteLength)));
    } else if (this.name === "comm") this.take(content);
  }

  take(message) {
    if (this.name !== "none") this.message(message);
  }

  tell(message) {
    if (this.socket) {
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
    } else if (this.name === "comm") {
      this.sendGathered();
      this.post(message);
    }
  }

  send(bytes) {
    if (this.socket) {
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes);
    } else if (this.name === "comm") {
      this.gathered.push(bytes);
      if (this.gathered.length >= COMM_FRAMES) this.sendGathered();
    }
  }

  sendGathered() {
    if (this.gathered.length) this.post({ type: "sound" }, this.gathered.splice(0));
  }

  drop() {
    const socket = this.socket;
    this.name = "none";
    this.socket = null;
    this.gathered = [];
    socket?.close();
  }

  close() {
    this.tell({ type: "bye" });
    this.closed = true;
    this.drop();
    this.model.off("msg:custom", this.fromComm);
  }
}
