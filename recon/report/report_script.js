// report_script.js: what a report can do where scripts run; without them it is whole, too.
(function () {
  'use strict';

  var root = document.documentElement;
  var each = function (list, fn) { Array.prototype.forEach.call(list, fn); };
  var all = function (selector, from) { return (from || document).querySelectorAll(selector); };
  var one = function (selector) { return document.querySelector(selector); };

  // ---- light and dark

  function isDark() {
    var theme = root.getAttribute('data-theme');
    return theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  }

  function addThemeButton() {
    var button = document.createElement('button');
    button.id = 'theme';
    button.type = 'button';
    function label() { button.textContent = isDark() ? 'Light' : 'Dark'; }
    button.addEventListener('click', function () {
      root.setAttribute('data-theme', isDark() ? 'light' : 'dark');
      label();
    });
    label();
    one('.bar').appendChild(button);
  }

  // ---- sorting: a click on a heading sorts, the next one turns round

  function cellKey(row, column, numeric) {
    var text = row.cells[column].getAttribute('data-v') || row.cells[column].textContent.trim();
    if (!numeric) return text;
    var number = parseFloat(text.replace(/,/g, ''));
    return isNaN(number) ? -1 : number;
  }

  function sortBy(table, header, column) {
    var numeric = header.classList.contains('n');
    var now = header.getAttribute('aria-sort');
    var down = now === 'none' ? numeric : now === 'ascending';
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row) {
      return { row: row, key: cellKey(row, column, numeric) };
    });
    rows.sort(function (a, b) {
      var order = numeric ? a.key - b.key
        : a.key.localeCompare(b.key, undefined, { numeric: true });
      return down ? -order : order;
    });
    each(all('th[aria-sort]', table), function (th) { th.setAttribute('aria-sort', 'none'); });
    header.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    rows.forEach(function (item) { body.appendChild(item.row); });
  }

  function makeSortable(table) {
    each(table.tHead.rows[0].cells, function (header, column) {
      var button = document.createElement('button');
      button.type = 'button';
      while (header.firstChild) button.appendChild(header.firstChild);
      header.appendChild(button);
      header.setAttribute('aria-sort', 'none');
      button.addEventListener('click', function () { sortBy(table, header, column); });
    });
  }

  // ---- searching: by name and by verdict, in the overview and among the details

  function makeSearchable() {
    var tools = one('#tools');
    if (!tools) return;
    var input = one('#search');
    var count = one('#count');
    var what = tools.getAttribute('data-what');
    var chips = all('button[data-verdict]', tools);
    var rows = Array.prototype.slice.call(all('#list tbody tr'));
    var parts = Array.prototype.slice.call(all('details.table'));
    var verdict = '';

    function matches(element, text) {
      return (!verdict || element.getAttribute('data-verdict') === verdict) &&
        element.getAttribute('data-name').toLowerCase().indexOf(text) >= 0;
    }

    function filter() {
      var text = input.value.trim().toLowerCase();
      var shown = 0;
      rows.forEach(function (row) {
        row.hidden = !matches(row, text);
        if (!row.hidden) shown++;
      });
      parts.forEach(function (part) { part.hidden = !matches(part, text); });
      count.textContent = shown.toLocaleString('en') + ' of ' +
        rows.length.toLocaleString('en') + ' ' + what + 's';
    }

    input.addEventListener('input', filter);
    each(chips, function (chip) {
      chip.addEventListener('click', function () {
        verdict = chip.getAttribute('data-verdict');
        each(chips, function (other) {
          other.setAttribute('aria-pressed', other === chip ? 'true' : 'false');
        });
        filter();
      });
    });
    input.placeholder = 'Find a ' + what;
    input.setAttribute('aria-label', 'Find a ' + what + ' by its name');
    tools.hidden = false;
    filter();
  }

  // ---- opening and closing

  function setOpen(open) {
    each(all('details.table'), function (part) { part.open = open; });
  }

  function addOpenButtons() {
    var tools = one('#open-tools');
    if (!tools) return;
    one('#open-all').addEventListener('click', function () { setOpen(true); });
    one('#close-all').addEventListener('click', function () { setOpen(false); });
    tools.hidden = false;
  }

  function openTarget() {
    var target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === 'DETAILS') {
      target.hidden = false;
      target.open = true;
      target.scrollIntoView();
    }
  }

  function openForPrinting() {
    var closed = [];
    window.addEventListener('beforeprint', function () {
      closed = Array.prototype.filter.call(all('details'), function (part) {
        return !part.open;
      });
      closed.forEach(function (part) { part.open = true; });
    });
    window.addEventListener('afterprint', function () {
      closed.forEach(function (part) { part.open = false; });
    });
  }

  // ---- on a narrow screen what is left to do stands in front of what happened: it is to be in sight

  function placeCourse() {
    var course = one('.course');
    var left = one('#left');
    var steps = one('#left + .steps');
    var narrow = matchMedia('screen and (max-width: 720px)');
    if (!course || !steps) return;
    function place() {
      if (narrow.matches) steps.after(course);
      else left.before(course);
    }
    narrow.addEventListener('change', place);
    place();
  }

  // ---- what scrolls sideways is reached by keyboard, too, and what does not is no stop on the way

  function reachScrolls() {
    each(all('.scroll'), function (box) {
      if (box.scrollWidth <= box.clientWidth) {
        ['tabindex', 'role', 'aria-label'].forEach(function (name) { box.removeAttribute(name); });
        return;
      }
      box.setAttribute('tabindex', '0');
      box.setAttribute('role', 'group');
      box.setAttribute('aria-label', 'Scrolls sideways');
    });
  }

  // ---- on a narrow screen a map begins where the divergence does

  function showCuts() {
    each(all('figure .scroll'), function (box) {
      var cut = box.querySelector('.cut');
      if (!cut || box.scrollWidth <= box.clientWidth) return;
      var place = cut.getBoundingClientRect().left - box.getBoundingClientRect().left;
      box.scrollLeft += place - box.clientWidth / 3;
    });
  }

  addThemeButton();
  placeCourse();
  showCuts();
  reachScrolls();
  window.addEventListener('resize', reachScrolls);
  document.addEventListener('toggle', reachScrolls, true);
  each(all('table.sortable'), makeSortable);
  makeSearchable();
  addOpenButtons();
  openForPrinting();
  window.addEventListener('hashchange', openTarget);
  openTarget();
}());
