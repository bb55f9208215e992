// The scope: both sides on one clock, scrolling, with turns, replies, speech probability and the threshold.
// In: what anywidget gives a view. Out: a page in it. Does not know: anything of the page.

export default {
  render({ model, el }) {
    const page = new Page(model, el);
    return () => page.remove();
  },
};
