// A stand-in for the model that Jupyter gives a widget, and the page that shows one widget with it.
// In: calls of the test (`set`, `receive`). Out: what the widget saved and sent. Does not know: Jupyter.

const toBytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

const toText = (buffer) => {
  const view = ArrayBuffer.isView(buffer) ? buffer : new Uint8Array(buffer);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
};

// Python's bytes come as {"bytes in base64": "..."}; a widget gets them as a DataView, like from Jupyter.
const revive = (value) => (value?.["bytes in base64"] === undefined ? value : toBytes(value["bytes in base64"]));

class Model {
  constructor(state) {
    this.state = Object.fromEntries(Object.entries(state).map(([name, value]) => [name, revive(value)]));
    this.listeners = [];
    this.changed = {};
    this.saved = [];
    this.sent = [];
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (this.state[name] === value) return;
    this.state[name] = value;
    this.changed[name] = value;
    this.fire(`change:${name}`, this, value);
    this.fire("change", this);
  }

  on(names, callback, context) {
    for (const name of names.split(" ")) this.listeners.push({ name, callback, context });
  }

  off(names, callback) {
    const gone = (one) =>
      (!names || names.split(" ").includes(one.name)) && (!callback || callback === one.callback);
    this.listeners = this.listeners.filter((one) => !gone(one));
  }

  fire(name, ...details) {
    for (const one of [...this.listeners]) if (one.name === name) one.callback.apply(one.context, details);
  }

  save_changes() {
    if (Object.keys(this.changed).length) this.saved.push(this.changed);
    this.changed = {};
  }

  send(content, _callbacks, buffers = []) {
    this.sent.push({ content, buffers: buffers.map(toText) });
  }

  // What the kernel does: a new value is not a change that the page still has to save.
  setFromKernel(values) {
    for (const [name, value] of Object.entries(values)) {
      this.set(name, revive(value));
      delete this.changed[name];
    }
  }

  receive(content, buffers) {
    this.fire("msg:custom", content, buffers.map(toBytes));
  }
}

export async function show(address, state) {
  const exported = (await import(address)).default;
  const widget = typeof exported === "function" ? await exported() : exported;
  const model = new Model(state);
  const undo = [await widget.initialize?.({ model })];
  undo.push(await widget.render({ model, el: document.getElementById("widget") }));
  window.model = model;
  window.cleanUp = async () => {
    for (const one of undo.reverse()) await one?.();
    return model.listeners.map((one) => one.name);
  };
}
