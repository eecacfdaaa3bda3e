/* site.js: the search of the documentation's pages.  MR_SEARCH comes from search-index.js:
 * [page, anchor, title, heading, text] of each section.  Every word must be in a section; words in
 * headings and titles count for more, and a page's own name for most. */
(function () {
  "use strict";
  var SHOWN = 40;

  function words(text) {
    return text.toLowerCase().split(/[^\p{L}\p{N}_.\-]+/u).filter(Boolean);
  }

  /* 0: a word is not there. */
  function score(entry, wanted) {
    var title = entry[2].toLowerCase(), heading = entry[3].toLowerCase(), text = entry[4].toLowerCase();
    var sum = 0;
    for (var i = 0; i < wanted.length; i++) {
      var word = wanted[i];
      var points = (heading.includes(word) ? 12 : 0) + (title.includes(word) ? 5 : 0);
      var at = text.indexOf(word);
      for (var times = 0; at >= 0 && times < 5; times++) {
        points += 1;
        at = text.indexOf(word, at + 1);
      }
      if (points === 0)
        return 0;
      sum += points;
    }
    if (wanted.length > 1 && (heading + " " + text).includes(wanted.join(" ")))
      sum += 10;
    return sum;
  }

  function find(query) {
    var wanted = words(query);
    if (wanted.length === 0)
      return [];
    return MR_SEARCH.map(function (entry) { return [score(entry, wanted), entry]; })
      .filter(function (pair) { return pair[0] > 0; })
      .sort(function (a, b) { return b[0] - a[0]; });
  }

  function around(text, word) {
    var at = Math.max(0, text.toLowerCase().indexOf(word) - 80);
    return (at > 0 ? "… " : "") + text.slice(at, at + 240) + (at + 240 < text.length ? " …" : "");
  }

  function add(parent, name, text) {
    var node = document.createElement(name);
    node.textContent = text;
    parent.appendChild(node);
    return node;
  }

  var query = new URLSearchParams(location.search).get("q") || "";
  var place = document.getElementById("found"), found = find(query);
  document.querySelector("input[name=q]").value = query;
  place.textContent = "";
  add(place, "p", query === "" ? "Type what you look for above: every word must be in a section."
    : found.length === 0 ? "Nothing has all of: " + query
    : found.length + (found.length === 1 ? " section has" : " sections have") + ": " + query);
  found.slice(0, SHOWN).forEach(function (pair) {
    var entry = pair[1], item = add(place, "section", "");
    var link = add(add(item, "h2", ""), "a", entry[3] === entry[2] ? entry[2] : entry[2] + ": " + entry[3]);
    link.href = entry[0] + (entry[1] ? "#" + entry[1] : "");
    add(item, "p", around(entry[4], words(query)[0]));
  });
})();
