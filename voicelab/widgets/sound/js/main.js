// The browser's sound for a session in the kernel: one for each model, however many views show it.
// In: what anywidget gives a view. Out: a line in it; sound as long as a view is there. Does not know: anything of sound.

const sounds = new Map();

export default {
  render({ model, el }) {
    if (!sounds.has(model)) sounds.set(model, new Sound(model));
    const sound = sounds.get(model);
    const hide = show(sound, el);
    return () => {
      hide();
      if (sound.views.size) return;
      sounds.delete(model);
      sound.close();
    };
  },
};
