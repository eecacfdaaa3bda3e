/* reach.js: what scrolls sideways is reached by keyboard, too, and what does not is no stop on the way. */
(function () {
  "use strict";

  function reach() {
    document.querySelectorAll("pre, .wide").forEach(function (box) {
      var scrolls = box.scrollWidth > box.clientWidth;
      if (scrolls === box.hasAttribute("tabindex"))
        return;
      ["tabindex", "role", "aria-label"].forEach(function (name, i) {
        if (scrolls)
          box.setAttribute(name, ["0", "group", "Scrolls sideways"][i]);
        else
          box.removeAttribute(name);
      });
    });
  }

  window.addEventListener("resize", reach);
  reach();
}());
