// decide_page.js: the page of decisions as people see it.  What it knows is in decide_model.js.
// Values only ever become texts of elements, never markup.
(function () {
  'use strict';

  const M = Model;
  const one = (selector) => document.querySelector(selector);
  const number = (n) => n.toLocaleString('en');
  const ROW_HEIGHT = 44; // of a line of the list, as decide_page.css has it
  const VALUE_CHARS = 300;
  // A plan that undoes transactions has one server, and no side is lost.
  const SIDE = M.plan.policy === 'rewind' ? { source: 'As it was', target: 'As it is now' } : { source: 'Lost side', target: 'Live side' };

  // ---- elements

  // make('p', {class: 'quiet'}, 'text', element…); on…: a listener
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    Object.keys(attributes || {}).forEach((name) => {
      const value = attributes[name];
      if (name.slice(0, 2) === 'on') element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, '');
      else if (value !== false && value != null) element.setAttribute(name, value);
    });
    children.forEach((child) => { if (child != null) element.append(child); });
    return element;
  }

  function button(text, attributes, action) {
    return make('button', Object.assign({ type: 'button', onclick: action }, attributes), text);
  }

  function say(text) {
    one('#said').textContent = visible(text);
  }

  // ---- values: what cannot be seen is shown, what is equal is not marked

  // The same characters as on the terminal (core/base/utf8.c).
  function visible(text) {
    return text
      .replace(/[\u0000-\u001f]/g, (c) => (c === '\n' ? '\u21b5\n' : String.fromCharCode(0x2400 + c.charCodeAt(0))))
      .replace(/[\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu,
        (c) => '\\u{' + c.codePointAt(0).toString(16) + '}');
  }

  // A place to cut a text at: none within a character that takes two units.
  function place(text, at) {
    return at > 0 && at < text.length && (text.charCodeAt(at) & 0xfc00) === 0xdc00 ? at - 1 : at;
  }

  function plain(value) {
    if (value === undefined || value === null) return null;
    if (typeof value === 'string') return value;
    if (value.hex !== undefined) return '0x' + value.hex;
    if (value.mask !== undefined) return value.mask;
    if (value.start !== undefined) return value.start;
    return JSON.stringify(value);
  }

  // From where to where a text differs from another one.
  function differs(a, b) {
    let from = 0;
    let back = 0;
    while (from < a.length && from < b.length && a[from] === b[from]) from++;
    while (back < a.length - from && back < b.length - from &&
      a[a.length - 1 - back] === b[b.length - 1 - back]) back++;
    const to = a.length - back;
    return [place(a, from), place(a, to) < to ? to + 1 : to];
  }

  function word(text, isMarked) {
    const element = make('i', { class: 'nul' }, text);
    return isMarked ? make('mark', { class: 'all' }, element) : element;
  }

  // A long text is cut to a window around what differs.
  function pieces(cell, text, other, isMarked, isSkipped) {
    const [from, to] = isMarked && other !== null ? differs(text, other) : [0, isMarked ? text.length : 0];
    const begin = text.length > VALUE_CHARS ? place(text, Math.max(0, from - 60)) : 0;
    const end = place(text, Math.min(text.length, begin + VALUE_CHARS));
    const stop = Math.min(to, end);
    cell.append((begin > 0 || isSkipped ? '\u2026' : '') + visible(text.slice(begin, from)));
    if (stop > from) cell.append(make('mark', {}, visible(text.slice(from, stop))));
    cell.append(visible(text.slice(Math.max(stop, from), end)) + (end < text.length ? '\u2026' : ''));
    if (begin > 0 || end < text.length) {
      cell.append(make('i', { class: 'len' }, ' (' + number(text.length) + ' characters)'));
    }
  }

  function valueCell(value, other, isMarked) {
    const cell = make('td', { class: 'v' });
    const text = plain(value);
    if (value === undefined) cell.append(word('not known', false));
    else if (text === null) cell.append(word('NULL', isMarked));
    else if (text === '') cell.append(word('empty', isMarked));
    else pieces(cell, text, plain(other), isMarked, value.skipped !== undefined);
    if (value && value.mask !== undefined && isMarked) cell.append(make('i', { class: 'len' }, ' (masked, differs)'));
    if (value && value.bytes !== undefined) cell.append(make('i', { class: 'len' }, ' (' + number(value.bytes) + ' bytes)'));
    return cell;
  }

  // ---- what is looked at

  const view = { by: 'kind', only: 'all', text: '', items: [], current: null, groups: [] };

  // What is looked for, in small letters.
  function holds(row, text) {
    if (!text) return true;
    if (!row.words) row.words = row.f.join('\n').toLowerCase() + '\n' + row.person.toLowerCase();
    return row.words.indexOf(text) >= 0;
  }

  function matches(row) {
    if (view.only === 'open' && row.d) return false;
    if (view.only === 'decided' && !row.d) return false;
    return holds(row, view.text);
  }

  function refresh() {
    const shown = M.rows.filter(matches);
    view.groups = M.groupsOf(shown, view.by);
    view.items = [];
    view.groups.forEach((group) => {
      view.items.push({ group: group });
      group.rows.forEach((row) => {
        row.group = group;
        view.items.push({ row: row });
      });
    });
    view.items.forEach((item, i) => {
      if (item.row) item.row.place = i;
      else item.group.place = i;
    });
  }

  function openOf(rows) {
    return rows.filter((row) => !row.d);
  }

  function groupTitle(group) {
    if (group.by === 'person') return group.person || 'Nobody\u2019s';
    return M.tableName(group.table) + ': ' + M.kinds[group.kind].title;
  }

  // ---- the list: only the lines that can be seen are elements

  const list = one('#list');
  const inner = make('div', { class: 'lines', role: 'list' });
  list.append(inner);

  function rowLine(row) {
    const state = make('span', { class: row.d ? 'state done' : 'state' }, row.d ? '\u2713 ' + visible(row.d) : 'open');
    const what = M.differing(row).join(', ') || M.kinds[row.kind].title;
    return [make('span', { class: 'name' }, visible(M.nameOf(row))),
      make('span', { class: 'what' }, visible(view.by === 'person' ? row.kind + ': ' + what : what)), state];
  }

  function groupLine(group) {
    const open = openOf(group.rows).length;
    return [make('span', { class: 'name' }, visible(groupTitle(group))),
      make('span', { class: 'state' + (open ? '' : ' done') },
        open ? number(open) + ' of ' + number(group.rows.length) + ' open' : '\u2713 all ' + number(group.rows.length))];
  }

  function drawLine(i) {
    const item = view.items[i];
    const isCurrent = item === view.current || (view.current && item.row && item.row === view.current.row);
    const content = item.row ? rowLine(item.row) : groupLine(item.group);
    const link = make('button', { type: 'button', tabindex: '-1', 'aria-current': isCurrent ? 'true' : null,
      class: item.row ? 'line' : 'line head', onclick: () => { go(i); showList(false); } }, ...content);
    const line = make('div', { role: 'listitem', 'aria-setsize': view.items.length, 'aria-posinset': i + 1 }, link);
    line.style.top = i * ROW_HEIGHT + 'px';
    return line;
  }

  function drawList() {
    const from = Math.max(0, Math.floor(list.scrollTop / ROW_HEIGHT) - 4);
    const to = Math.min(view.items.length, from + Math.ceil((list.clientHeight || 800) / ROW_HEIGHT) + 8);
    const lines = [];
    for (let i = from; i < to; i++) lines.push(drawLine(i));
    inner.style.height = view.items.length * ROW_HEIGHT + 'px';
    inner.replaceChildren(...lines);
  }

  function scrollTo(i) {
    const top = i * ROW_HEIGHT;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW_HEIGHT > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW_HEIGHT - list.clientHeight;
  }

  // ---- one conflict

  function sheet(row) {
    const sides = [['source', SIDE.source], ['base', 'At the split'], ['target', SIDE.target], ['columns', '\u201ccolumns\u201d would give']];
    const images = sides.map(([name, title]) => ({ name: name, title: title, of: M.image(row, name) })).filter((s) => s.of);
    if (!images.length) return make('p', { class: 'quiet' }, 'Of this run of keys the rows are not listed: one decision is for all of them.');
    const source = M.image(row, 'source');
    const target = M.image(row, 'target');
    const marked = new Set(M.differing(row));
    const key = new Set(M.tables[row.table].key);
    const columns = M.tables[row.table].columns;
    const cell = (side, name) => {
      const isSide = side.name === 'source' || side.name === 'target';
      const td = valueCell(side.of[name], side.name === 'source' ? (target || {})[name] : (source || {})[name], marked.has(name) && isSide);
      const when = isSide && marked.has(name) ? M.lastChange(row, side.name, name) : null;
      if (when) td.append(make('small', { class: 'when', title: visible(when.gtid) }, when.time.slice(0, 19)));
      return td;
    };
    const line = (name) => make('tr', {}, make('th', { scope: 'row' }, visible(name)), ...images.map((side) => cell(side, name)));
    const head = () => make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, 'Column'),
      ...images.map((side) => make('th', { scope: 'col' }, side.title))));
    const first = columns.filter((name) => (marked.size ? marked.has(name) || key.has(name) : true));
    const rest = columns.filter((name) => first.indexOf(name) < 0);
    const box = make('div', {}, make('div', { class: 'sheet scroll', tabindex: '0', role: 'region', 'aria-label': 'Both rows' },
      make('table', { class: 'sides' }, head(), make('tbody', {}, ...first.map(line)))));
    if (rest.length) {
      box.append(make('details', { class: 'rest' }, make('summary', {}, number(rest.length) + (rest.length === 1 ? ' column is' : ' columns are') + ' equal'),
        make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Equal columns' },
          make('table', { class: 'sides' }, head(), make('tbody', {}, ...rest.map(line))))));
    }
    return box;
  }

  // Which transactions these were: what history show is asked for.
  function attested(row) {
    const deeds = { insert: 'inserted', delete: 'deleted', came: 'moved here', went: 'moved away' };
    const lines = [['source', SIDE.source], ['target', SIDE.target]].map(([side, title]) => M.lastChanges(row, side).map(([name, tx]) =>
      make('tr', {}, make('th', { scope: 'row' }, title), make('td', {}, name === null ? make('i', { class: 'nul' }, 'row ' + deeds[tx.kind]) : visible(name)),
        make('td', { class: 'v' }, tx.time), make('td', { class: 'v' }, visible(tx.gtid)), make('td', { class: 'v' }, visible(tx.log + ':' + tx.position))))).flat();
    if (!lines.length) return null;
    const heads = ['Side', 'Last change of', 'Committed, UTC', 'Transaction', 'In its log'];
    return make('details', { class: 'rest', id: 'attested' }, make('summary', {}, 'When, by which transactions'),
      make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Last changes, as the logs attest' },
        make('table', { class: 'sides' }, make('thead', {}, make('tr', {}, ...heads.map((head) => make('th', { scope: 'col' }, head)))), make('tbody', {}, ...lines))));
  }

  // What the row on the live side would become, in words.
  function effect(row, choice) {
    const source = M.image(row, 'source');
    const target = M.image(row, 'target');
    let becomes = choice === 'source' ? source : choice === 'columns' ? M.image(row, 'columns') : null;
    if (choice.indexOf('newest:') === 0 && source && target) {
      const name = choice.slice(7);
      const a = source[name];
      const b = target[name];
      // What is no plain number and no date, a server may order otherwise.
      const isOrdered = (v) => typeof v === 'string' && /^(\d+|\d{4}-\d\d-\d\d[ 0-9:.]*)$/.test(v);
      if (!isOrdered(a) || !isOrdered(b) || a.length !== b.length) return '';
      if (a === b) return 'Both are equal in ' + visible(name) + ', which tells nothing.';
      if (a < b) return 'Here the live row, of ' + visible(b) + ', is kept.';
      becomes = source;
    }
    if (!becomes || !target) return '';
    // The row keeps its key; and who it refers to is told by the key that they have on the live side.
    const table = M.tables[row.table];
    const refers = (name) => table.references.some((ref) => ref.columns.includes(name));
    const changes = table.columns.filter((name) => !table.key.includes(name) && becomes[name] !== undefined && !M.same(becomes[name], target[name]));
    const shown = (v) => { const t = plain(v); return t === null ? 'NULL' : '\u201c' + visible(t.length > 40 ? t.slice(0, place(t, 40)) + '\u2026' : t) + '\u201d'; };
    return changes.slice(0, 4).map((name) => visible(name) + ': ' + shown(target[name]) + ' \u2192 ' + shown(becomes[name]) +
      (choice !== 'columns' && refers(name) ? ', or the id that this one has on the live side' : '')).join('; ') +
      (changes.length > 4 ? '; and ' + (changes.length - 4) + ' more' : '');
  }

  // The values of a decision that names some for these columns.
  function valuesOf(columns, decision) {
    if (decision[0] === '{') {
      let values = {};
      try { values = JSON.parse(decision); } catch (e) { return {}; } // of a file that somebody wrote by hand
      return Object.fromEntries(columns.filter((name) => typeof values[name] === 'string').map((name) => [name, values[name]]));
    }
    return columns.length === 1 && decision.indexOf(columns[0] + '=') === 0 ? { [columns[0]]: decision.slice(columns[0].length + 1) } : {};
  }

  // A word that somebody has to complete: a column, or a value.
  function completed(kind, choice, columns, given) {
    if (choice === 'newest:COLUMN') {
      const select = make('select', { 'aria-label': 'Column that says which row is newer' }, ...columns.map((name) => make('option', { value: name }, visible(name))));
      const now = given && given.indexOf('newest:') === 0 ? given.slice(7) : columns.find((name) => /upd|modif|chang|time|_at$|date/i.test(name));
      if (!now) select.prepend(make('option', { value: '' }, 'which column?'));
      select.value = now || '';
      return { fields: [select], text: () => 'newest:' + select.value };
    }
    const asked = M.columnsAsked(choice);
    const inputs = asked.map((name) => make('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', 'aria-label': 'Value of ' + name, placeholder: name }));
    const stands = valuesOf(asked, given || '');
    inputs.forEach((input, i) => { input.value = stands[asked[i]] === undefined ? '' : stands[asked[i]]; });
    // A reader of the file takes a blank at the end of a field off: such a value stands in JSON.
    return {
      fields: inputs,
      text: () => (choice[0] === '{' || /[ \t]$/.test(inputs[0].value)
        ? JSON.stringify(Object.fromEntries(asked.map((name, i) => [name, inputs[i].value])))
        : asked[0] + '=' + inputs[0].value),
    };
  }

  function isPlain(choice) {
    return choice !== 'newest:COLUMN' && choice[0] !== '{' && choice.indexOf('=') < 0;
  }

  // act(decision): what is done with it.
  function choiceBox(spec, choice, place, act) {
    const says = spec.kind ? M.says(spec.kind, choice) || M.says(spec.kind, 'newest:') : '';
    const more = isPlain(choice) ? null : completed(spec.kind, choice, spec.columns, spec.given);
    const text = () => (more ? more.text() : choice);
    const isNow = spec.given === choice || (choice === 'newest:COLUMN' && (spec.given || '').indexOf('newest:') === 0) ||
      (!isPlain(choice) && choice !== 'newest:COLUMN' && ((spec.given || '')[0] === '{' || (spec.given || '').indexOf('=') > 0));
    const label = choice === 'newest:COLUMN' ? 'newest' : isPlain(choice) ? choice : 'another value';
    const side = SIDE[choice] ? make('small', { class: 'of' }, SIDE[choice].toLowerCase()) : null;
    const asked = new Set();
    // An empty value is one, too, but nobody's by mistake: it is asked for once.
    const choose = () => {
      if (more && more.fields[0].tagName === 'SELECT' && !more.fields[0].value) {
        more.fields[0].focus();
        return say('Choose the column that says which row is newer.');
      }
      const empty = more ? more.fields.find((field) => field.tagName === 'INPUT' && !field.value && !asked.has(field)) : null;
      if (!empty) return act(text());
      asked.add(empty);
      empty.focus();
      say('Type the value; chosen once more, it is the empty one.');
    };
    const pick = button('', { class: 'pick', 'aria-pressed': spec.given === undefined ? null : String(isNow), 'data-choice': choice }, choose);
    const some = spec.some ? make('small', { class: 'of' }, 'for ' + spec.some) : null;
    pick.append(make('kbd', {}, String(place)), make('strong', {}, visible(label), side ? ' ' : '', side, some ? ' ' : '', some), make('span', {}, says));
    const would = spec.row ? effect(spec.row, text()) : '';
    const note = make('small', {}, would);
    if (would) pick.append(note);
    if (more && more.fields[0].tagName === 'SELECT' && spec.row) {
      more.fields[0].addEventListener('change', () => { note.textContent = effect(spec.row, text()); pick.append(note); });
    }
    return make('div', { class: 'choice' }, pick, ...(more ? more.fields : []));
  }

  function noteBox(value, onchange) {
    const area = make('textarea', { id: 'note', rows: '2', spellcheck: 'false', onchange: (e) => onchange(e.target.value) });
    area.value = area.defaultValue = value;
    return make('label', { class: 'note-box' }, 'Note', area);
  }

  function drawRow(row) {
    const kind = M.kinds[row.kind];
    const choices = M.choicesOf(row);
    const spec = { row: row, kind: row.kind, given: row.d, columns: M.tables[row.table].columns };
    const group = row.group;
    const boxes = choices.map((choice, i) => choiceBox(spec, choice, i + 1, (decision) => decideRow(row, decision)));
    return [
      make('p', { class: 'badge' }, row.kind),
      make('h2', {}, visible(M.nameOf(row))),
      make('p', { class: 'lead' }, kind.title + '. ' + kind.says),
      row.person && row.person !== M.nameOf(row) ? make('p', { class: 'quiet' }, 'Belongs to ' + visible(row.person) + '.') : null,
      row.story ? make('p', { class: 'story' }, visible(row.story)) : null,
      sheet(row),
      attested(row),
      choices.length ? make('fieldset', { class: 'choices' }, make('legend', {}, 'What is to be done?'), ...boxes)
        : make('p', { class: 'quiet' }, 'Nothing can be chosen for this row: it stays as it is until what it waits for is decided, or what is in its way has gone.'),
      M.isDerived(row) ? make('p', { class: 'quiet', id: 'derived' }, 'Nobody has said so of this row: a rule has, or what was decided about the row above it, or it is what is usual. The next plan finds it anew.') : null,
      row.d ? button('Leave it open again', { class: 'clear' }, () => decideRow(row, M.OPEN, true)) : null,
      noteBox(row.n, (text) => { M.decide([[row, M.said(row), text]]); drawBar(); }),
      group ? make('p', {}, button('Decide all of \u201c' + visible(groupTitle(group)) + '\u201d \u2026', { id: 'all' }, () => go(group.place))) : null,
    ];
  }

  // ---- many at once: a group, or what a rule fits

  function ruleFits(rule, row) {
    return (!rule.kind || row.kind === rule.kind) && (!rule.table || row.table === rule.table) &&
      (rule.personId === undefined || row.personId === rule.personId) && holds(row, rule.text) &&
      (!rule.column || (M.differing(row).length === 1 && M.differing(row)[0] === rule.column));
  }

  // Each choice that some of them have, and which: a row for which nothing can be chosen stays as it is.
  function choicesOfAny(rows) {
    const found = new Map();
    rows.forEach((row) => M.choicesOf(row).forEach((choice) => {
      if (!found.has(choice)) found.set(choice, { choice: choice, rows: [], tables: new Set(), kinds: new Set() });
      const one = found.get(choice);
      one.rows.push(row);
      one.tables.add(row.table);
      one.kinds.add(row.kind);
    }));
    return Array.from(found.values()).filter((of) => of.choice !== 'newest:COLUMN' || of.tables.size === 1);
  }

  function selectOf(label, values, now, onchange) {
    const select = make('select', { 'aria-label': label, onchange: (e) => onchange(e.target.value) },
      ...values.map(([value, text]) => make('option', { value: value }, text)));
    select.value = now;
    return select;
  }

  function ruleFields(rule, redraw) {
    const change = (name) => (value) => redraw(Object.assign({}, rule, { title: undefined, [name]: value }));
    const kinds = Object.keys(M.kinds).map((name) => [name, name]);
    const tables = Array.from(new Set(M.rows.map((row) => row.table))).map((name) => [name, visible(M.tableName(name))]);
    const singles = new Set(M.rows.filter((row) => ruleFits(Object.assign({}, rule, { column: '' }), row))
      .map(M.differing).filter((list) => list.length === 1).map((list) => list[0]));
    return make('p', { class: 'rule' }, 'All ',
      selectOf('Kind', [['', 'kinds']].concat(kinds), rule.kind || '', change('kind')), ' of ',
      selectOf('Table', [['', 'any table']].concat(tables), rule.table || '', change('table')), ' where ',
      selectOf('Column', [['', 'anything differs']].concat(Array.from(singles).map((name) => [name, 'only ' + visible(name) + ' differs'])), rule.column || '', change('column')),
      rule.personId === undefined ? null : ', of ' + visible(rule.person || 'nobody'),
      rule.text ? ', in which \u201c' + visible(rule.text) + '\u201d stands ' : null,
      rule.text ? button('wherever it stands', { id: 'widen' }, () => change('text')('')) : null);
  }

  function drawRule(rule) {
    const all = M.rows.filter((row) => ruleFits(rule, row));
    const open = openOf(all);
    const kinds = new Set(open.map((row) => row.kind));
    // Another rule than a group's own: what that is called stays what it does.
    const redraw = (changed) => { view.current = { rule: changed }; drawList(); drawMain(); };
    const choices = choicesOfAny(open);
    // What the choice does is told of one kind; where not all have it, how many do.
    const specOf = (of) => ({ kind: of.kinds.size === 1 ? of.rows[0].kind : '',
      columns: of.tables.size === 1 ? M.tables[of.rows[0].table].columns : [],
      some: of.rows.length < open.length ? number(of.rows.length) + ' of ' + number(open.length) : '' });
    const one_kind = kinds.size === 1 ? M.kinds[open[0].kind] : null;
    const note = noteBox(rule.note || '', (text) => { rule.note = text; });
    return [
      make('p', { class: 'badge' }, 'Many at once'),
      make('h2', {}, visible(rule.title || 'A rule')),
      one_kind ? make('p', { class: 'lead' }, one_kind.title + '. ' + one_kind.says) : null,
      ruleFields(rule, redraw),
      make('p', { id: 'fits' }, number(all.length) + (all.length === 1 ? ' conflict fits' : ' conflicts fit') + ', ' + number(open.length) + ' of them open. What is decided already stays.'),
      note,
      choices.length ? make('fieldset', { class: 'choices' }, make('legend', {}, 'What is to be done with the open ones?'),
        ...choices.map((of, i) => choiceBox(specOf(of), of.choice, i + 1, (decision) => decideAll(openOf(of.rows), decision))))
        : make('p', { class: 'quiet' }, open.length ? 'Nothing can be chosen for any of them.' : 'None is open.'),
      all.length > open.length ? button('Leave all of them open again', { class: 'clear' }, () => {
        const n = M.decide(all.filter((row) => row.d).map((row) => [row, M.OPEN, row.n]));
        after(number(n) + ' left open again');
      }) : null,
    ];
  }

  function ruleOf(group) {
    if (!group.rule) {
      group.rule = group.by === 'kind' ? { kind: group.kind, table: group.table } : { person: group.person, personId: group.personId };
      group.rule.title = groupTitle(group);
      group.rule.text = view.text; // the list shows no more of it
    }
    return group.rule;
  }

  // ---- the parts together

  function drawMain() {
    const now = view.current;
    const parts = !now ? [make('p', { class: 'quiet' }, 'No conflict fits what is looked for.')]
      : now.row ? drawRow(now.row) : drawRule(now.rule || ruleOf(now.group));
    one('#main').replaceChildren(...parts.filter(Boolean));
  }

  function drawBar() {
    const done = M.decided();
    const all = M.rows.length;
    one('#progress').value = done;
    one('#count').textContent = number(done) + ' of ' + number(all) + ' decided';
    one('#undo').disabled = !M.canUndo();
    one('#kept').textContent = M.isKept() ? '' : 'This browser keeps nothing: save the file before you close the page.';
  }

  function draw() {
    drawBar();
    drawList();
    drawMain();
  }

  // Goes to an item of the list.
  function go(i) {
    if (i < 0 || i >= view.items.length) return;
    view.current = view.items[i];
    scrollTo(i);
    drawList();
    drawMain();
    one('#main').scrollTop = 0;
    if (window.innerWidth <= 860) window.scrollTo(0, 0);
  }

  function placeOf(item) {
    if (!item || item.rule) return -1;
    return item.row ? item.row.place : item.group.place;
  }

  function step(by) {
    let i = placeOf(view.current) + by;
    while (i >= 0 && i < view.items.length && view.items[i].group) i += by;
    go(i);
  }

  // The next one that is open, from here on, else from the beginning.
  function nextOpen() {
    const from = placeOf(view.current);
    for (let n = 1; n <= view.items.length; n++) {
      const i = (from + n + view.items.length) % view.items.length;
      if (view.items[i].row && !view.items[i].row.d) return go(i);
    }
    say('Everything that is shown is decided.');
    draw();
  }

  function after(text) {
    say(text + '. ' + number(M.decided()) + ' of ' + number(M.rows.length) + ' decided.');
    draw();
  }

  function decideRow(row, decision, stay) {
    M.decide([[row, decision, one('#note') ? one('#note').value : row.n]]);
    after(M.nameOf(row) + ': ' + (decision || 'open'));
    if (!stay) nextOpen();
  }

  function decideAll(rows, decision) {
    const note = one('#note').value;
    const n = M.decide(rows.map((row) => [row, decision, note || row.n]));
    after(number(n) + (n === 1 ? ' conflict: ' : ' conflicts: ') + decision);
  }

  function undo() {
    const rows = M.undo();
    if (!rows) return say('There is nothing to take back.');
    after('Taken back: ' + number(rows.length) + (rows.length === 1 ? ' decision' : ' decisions'));
    const item = rows.length === 1 ? view.items[rows[0].place] : null; // it may not be shown any more
    if (item && item.row === rows[0]) go(rows[0].place);
  }

  function save() {
    M.keepLast();
    const url = URL.createObjectURL(new Blob([M.toCsv()], { type: 'text/csv;charset=utf-8' }));
    const link = make('a', { href: url, download: 'decisions.csv' });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    say('Saved as decisions.csv: ' + number(M.decided()) + ' of ' + number(M.rows.length) + ' decided.');
  }

  function load(event) {
    const file = event.target.files[0];
    if (!file) return;
    file.text().then((text) => {
      const result = M.fromCsv(text);
      event.target.value = '';
      if (result.error) return say(result.error);
      after(number(result.taken) + ' decisions taken from the file' + (result.otherwise ? '; ' + number(result.otherwise) + ' are decided otherwise there, and stay as they are here' : '') +
        (result.unknown ? '; ' + number(result.unknown) + ' lines of it are about no conflict of this plan, and were not taken' : ''));
    });
  }

  function look() {
    const now = view.current;
    refresh();
    view.current = null;
    if (now && now.row && view.items[now.row.place] && view.items[now.row.place].row === now.row) view.current = view.items[now.row.place];
    else view.current = view.items.find((item) => item.row) || null;
    draw();
    if (view.current) scrollTo(placeOf(view.current));
  }

  // The same page is open twice, and something was decided on the other one.  What is being typed here stays.
  function takeOver(event) {
    if (event.key !== M.storeName || !M.restore().length) return;
    drawBar();
    drawList();
    if (['INPUT', 'TEXTAREA', 'SELECT'].indexOf(document.activeElement.tagName) < 0) return drawMain();
    // A note that nobody is writing here is theirs: deciding about the row would write the old one over it.
    const note = one('#note');
    const row = view.current && view.current.row;
    if (note && row && note.value === note.defaultValue) note.value = note.defaultValue = row.n;
  }

  function showList(open) {
    document.body.classList.toggle('listing', open);
    one('#show-list').setAttribute('aria-expanded', String(open));
    if (open) { drawList(); scrollTo(Math.max(0, placeOf(view.current))); drawList(); }
  }

  function help() {
    say('Keys: j and k the next and the one before; o the next open one; 1 to 9 choose; u takes back; g all of the group; n a note; / find; s save.');
  }

  const keys = {
    j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
    o: nextOpen, u: undo, s: save, '?': help,
    g: () => { if (view.current && view.current.row) go(view.current.row.group.place); },
    n: () => { if (one('#note')) one('#note').focus(); },
    '/': () => one('#find').focus(),
  };

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tag = event.target.tagName;
    if (tag === 'INPUT' || tag === 'TEXTAREA' || tag === 'SELECT') {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const pick = /^[1-9]$/.test(event.key) && !event.repeat ? document.querySelectorAll('.choice')[event.key - 1] : null;
    if (pick) {
      pick.querySelector('.pick').click();
    } else if (event.repeat && 'usg'.includes(event.key)) {
      return; // held down too long
    } else if (keys[event.key]) {
      keys[event.key]();
    } else {
      return;
    }
    event.preventDefault();
  }

  function buildBar() {
    one('#plan').textContent = M.plan.policy + ' of ' + M.plan.created.slice(0, 16).replace('T', ' ') + ', ' + M.plan.source + ' \u2192 ' + M.plan.target;
    one('#bar').append(
      make('label', { class: 'progress' }, make('span', { id: 'count' }), make('progress', { id: 'progress', max: M.rows.length, value: 0, 'aria-label': 'Conflicts that are decided' })),
      selectOf('Which are shown', [['all', 'all'], ['open', 'open ones'], ['decided', 'decided ones']], 'all', (value) => { view.only = value; look(); }),
      selectOf('How they are grouped', [['kind', 'by kind'], ['person', 'by person']], 'kind', (value) => { view.by = value; look(); }),
      make('input', { type: 'search', id: 'find', placeholder: 'Find', 'aria-label': 'Find conflicts by any text', autocomplete: 'off', spellcheck: 'false',
        oninput: (e) => { view.text = e.target.value.trim().toLowerCase(); look(); } }),
      button('Rule\u2026', { id: 'rule' }, () => { view.current = { rule: {} }; drawList(); drawMain(); }),
      button('Undo', { id: 'undo', disabled: true }, undo),
      make('label', { class: 'chip load' }, 'Open file', make('input', { type: 'file', id: 'load', accept: '.csv', onchange: load })),
      button('Save', { id: 'save', class: 'main' }, save),
      button('Keys', { id: 'help' }, help),
      make('p', { id: 'kept', class: 'is-bad' }));
    one('.work').append(make('div', { class: 'foot' }, button('List', { id: 'show-list', 'aria-expanded': 'false' }, () => showList(!document.body.classList.contains('listing'))),
      button('\u2190 Before', { id: 'before' }, () => step(-1)), button('Next \u2192', { id: 'after' }, () => step(1)), button('Next open', { id: 'next-open' }, nextOpen)));
  }

  buildBar();
  list.addEventListener('scroll', drawList, { passive: true });
  window.addEventListener('resize', drawList);
  document.addEventListener('keydown', onKey);
  window.addEventListener('storage', takeOver);
  window.addEventListener('pagehide', M.keepLast);
  window.addEventListener('beforeunload', (event) => { M.keepLast(); if (!M.isKept()) event.preventDefault(); });
  refresh();
  view.current = view.items.find((item) => item.row && !item.row.d) || view.items.find((item) => item.row) || null;
  draw();
  if (view.current) scrollTo(placeOf(view.current));
  if (M.otherwise()) say(number(M.otherwise()) + ' decisions that this browser has kept are others than those in the file of the plan by now, which are shown.');
}());
