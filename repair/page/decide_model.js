// decide_model.js: what the page of decisions knows: conflicts, decisions, groups, files.
// It touches no element of the page; decide_page.js shows it.
/* exported Model */
const Model = (function () {
  'use strict';

  const data = JSON.parse(document.getElementById('data').textContent);
  const at = {};
  data.head.forEach((name, i) => { at[name] = i; });
  const storeName = 'myrecon decide ' + data.plan.uuid + ' ' + data.plan.digest;

  // ---- conflicts: `f` are the fields of the record, `d` the decision, `n` the note; `left`: somebody wants it
  // open again, which a file has to say: of an empty cell what earlier plans were told still holds

  const OPEN = 'open';

  function isLeft(decision) {
    return decision.toLowerCase() === OPEN;
  }

  const rows = data.rows.map((row, index) => ({
    index: index,
    f: row.f,
    saved: row.s || {},
    story: row.t || '',
    table: row.f[at.table],
    kind: row.f[at.kind],
    first: isLeft(row.f[at.decision]) ? OPEN : row.f[at.decision],
    d: isLeft(row.f[at.decision]) ? '' : row.f[at.decision],
    left: isLeft(row.f[at.decision]),
    n: 'note' in at ? row.f[at.note] : '',
    firstNote: 'note' in at ? row.f[at.note] : '',
  }));

  // Has nobody said so?  The plan itself had filled it in, by a rule or by what is above the row.
  function isDerived(row) {
    return 'derived' in at && row.d !== '' && row.d === row.f[at.derived];
  }

  // What a file says of it.
  function said(row) {
    return row.left ? OPEN : row.d;
  }

  // By names of columns alone: one may be called "constructor", which every other object has.
  function plain(object) {
    return Object.assign(Object.create(null), object);
  }

  function image(row, name) {
    const text = name in at ? row.f[at[name]] : '';
    return text ? plain(JSON.parse(text)) : null;
  }

  function changesOf(row, side) {
    const of = image(row, side + '_changes');
    if (of) of.columns = plain(of.columns);
    return of;
  }

  // When the side has last changed that column, as its log attests: {time, gtid, log, position}; null: it
  // has not, or nothing is attested.  A column that it has not changed since it inserted the row is of then, if
  // all changes since are known; of one that came from another key it had perhaps been changed before.
  function lastChange(row, side, name) {
    const of = changesOf(row, side);
    if (!of) return null;
    const own = of.columns[name];
    return own || (own === undefined && of.row && of.row.kind === 'insert' && !of.not_kept ? of.row : null);
  }

  // All of them: [column or null for the whole row, its change], in the order of the table.
  function lastChanges(row, side) {
    const of = changesOf(row, side);
    if (!of) return [];
    const list = data.tables[row.table].columns.filter((name) => of.columns[name]).map((name) => [name, of.columns[name]]);
    return of.row ? [[null, of.row]].concat(list) : list;
  }

  function keyOf(row) {
    return row.f[at.source_key] || row.f[at.target_key];
  }

  function same(a, b) {
    return JSON.stringify(a) === JSON.stringify(b);
  }

  // The columns of both rows that differ, in the order of the table; of one row: none.
  function differing(row) {
    if (row.differing) return row.differing;
    const source = image(row, 'source');
    const target = image(row, 'target');
    row.differing = !source || !target ? []
      : data.tables[row.table].columns.filter((name) => !same(source[name], target[name]));
    return row.differing;
  }

  // ---- choices

  // "skip;without-value;name=VALUE": words, and behind them a value that somebody has to write,
  // of which nothing tells where it ends but the end.
  const words = ['target', 'source', 'newest:COLUMN', 'columns', 'restore', 'skip', 'merge-into',
    'without-value', 'keep', 'delete'];

  function choicesOf(row) {
    const found = [];
    let rest = row.f[at.choices];
    while (rest) {
      const word = rest.split(';', 1)[0];
      if (words.indexOf(word) < 0) {
        found.push(rest);
        break;
      }
      found.push(word);
      rest = rest.slice(word.length + 1);
    }
    return found;
  }

  // What the choice would do: of a word, or of what somebody has written for one.
  function says(kind, choice) {
    const list = data.kinds[kind].choices;
    for (const [word, text] of list) {
      if (word === choice || (word === 'newest:' && choice.indexOf(word) === 0)) return text;
    }
    const value = list.find((entry) => entry[0] === 'name=VALUE');
    return value && (choice[0] === '{' || choice.indexOf('=') > 0) ? value[1] : '';
  }

  // The columns that a value is asked for: name=VALUE, or {"a":"VALUE","b":"VALUE"}.
  function columnsAsked(choice) {
    if (choice[0] !== '{') return [choice.slice(0, choice.lastIndexOf('='))];
    return Object.keys(JSON.parse(choice));
  }

  // ---- whose a row is: the people above it, as far as the conflicts and references tell

  // Rows of a table by what it is referred to by, on the side that refers: the same id is somebody else on the other.
  const byColumns = new Map();

  function parentsBy(side, table, names) {
    const name = JSON.stringify([side, table, names]);
    if (!byColumns.has(name)) {
      const found = new Map();
      rows.forEach((row) => {
        const of = row.table === table ? image(row, side) : null;
        if (of) found.set(JSON.stringify(names.map((n) => of[n])), row);
      });
      byColumns.set(name, found);
    }
    return byColumns.get(name);
  }

  // {row: its conflict, or none; id: what tells it from others; name}
  function parentOf(row, side) {
    const mine = image(row, side);
    if (!mine) return null;
    for (const ref of data.tables[row.table].references) {
      const values = ref.columns.map((name) => mine[name]);
      if (ref.parent === row.table || values.some((v) => typeof v !== 'string')) continue;
      const parent = data.tables[ref.parent];
      const found = parentsBy(side, ref.parent, ref.to).get(JSON.stringify(values));
      if (found || (parent && parent.subject)) {
        const isKey = parent && same(ref.to, parent.key);
        return {
          row: found,
          id: JSON.stringify([side, ref.parent, ref.to, values]),
          name: tableName(ref.parent) + ' ' + (isKey ? '' : ref.to.join(',') + ' ') + values.join(',') + (side === 'target' ? ' of the live side' : ''),
        };
      }
    }
    return null;
  }

  // Where all tables are of one database, its name says nothing.
  const databases = new Set(Object.keys(data.tables).map((name) => name.split('.', 1)[0]));

  function tableName(name) {
    return databases.size === 1 ? name.slice(name.indexOf('.') + 1) : name;
  }

  function nameOf(row) {
    const identity = row.f[at.identity];
    const key = keyOf(row);
    return tableName(row.table) + ' ' + key + (identity && identity !== key ? ' (' + identity + ')' : '');
  }

  // Two people may have one name: masked, or of the two sides.
  function person(row) {
    return { id: String(row.index), name: nameOf(row) };
  }

  function personOf(row) {
    const nobody = { id: '', name: '' };
    const side = image(row, 'source') ? 'source' : 'target'; // all the way up
    let now = row;
    for (let depth = 0; depth < 16; depth++) {
      if (data.tables[now.table].subject) return person(now);
      const parent = parentOf(now, side);
      if (!parent) return now === row ? nobody : person(now);
      if (!parent.row) return parent;
      now = parent.row;
    }
    return nobody;
  }

  rows.forEach((row) => {
    const found = personOf(row);
    row.person = found.name;
    row.personId = found.id;
  });

  // ---- groups, the most consequential first

  const tableOrder = {};
  Object.keys(data.tables).forEach((name, i) => {
    tableOrder[name] = i - (data.tables[name].subject ? 1000000 : 0);
  });

  function weight(row) {
    return data.kinds[row.kind].rank * 10000000 + tableOrder[row.table];
  }

  function groupsOf(list, by) {
    const groups = new Map();
    list.forEach((row) => {
      const name = by === 'kind' ? row.kind + '\n' + row.table : row.personId;
      if (!groups.has(name)) {
        groups.set(name, { name: name, by: by, rows: [], kind: row.kind, table: row.table,
          person: row.person, personId: row.personId, weight: weight(row) });
      }
      const group = groups.get(name);
      group.rows.push(row);
      group.weight = Math.min(group.weight, weight(row));
    });
    const found = Array.from(groups.values());
    found.forEach((group) => {
      group.rows.sort((a, b) => weight(a) - weight(b) || a.index - b.index);
    });
    return found.sort((a, b) => a.weight - b.weight || b.rows.length - a.rows.length);
  }

  // ---- deciding

  const undone = [];
  const touched = new Set(); // rows on which something was done that is not kept yet
  let decided = rows.filter((row) => row.d).length;
  let isKept = true;
  let timer = 0;
  let otherwise = 0; // of what was kept, decisions that the plan's file says otherwise by now

  // What this browser keeps: of rows on which something was done [decision, note, what the plan's file said then].
  function kept() {
    const text = localStorage.getItem(storeName);
    try {
      return Object.assign({}, JSON.parse(text));
    } catch (error) {
      return {}; // nothing that this page has written
    }
  }

  // The same page may be open twice: what was done on the other one stays.
  function keepNow() {
    timer = 0;
    try {
      const stored = kept();
      touched.forEach((row) => {
        if (said(row) !== row.first || row.n !== row.firstNote) stored[row.index] = [said(row), row.n, row.first];
        else delete stored[row.index];
      });
      localStorage.setItem(storeName, JSON.stringify(stored));
      touched.clear(); // whoever changes such a row on the other page has said the last word
      isKept = true;
    } catch (error) {
      isKept = false;
    }
  }

  function keepSoon() {
    if (!timer) timer = setTimeout(keepNow, 300);
  }

  // A page on which nothing was done does not write: another one may know more.
  function keepLast() {
    if (timer) keepNow();
  }

  function put(row, decision, note) {
    touched.add(row);
    set(row, decision, note);
  }

  function set(row, decision, note) {
    const before = row.d;
    row.left = isLeft(decision);
    row.d = row.left ? '' : decision;
    row.n = note;
    decided += (row.d ? 1 : 0) - (before ? 1 : 0);
  }

  // One step that can be taken back; changes: [row, decision, note].
  function decide(changes) {
    const step = changes.filter(([row, d, n]) => said(row) !== d || row.n !== n);
    if (!step.length) return 0;
    undone.push(step.map(([row]) => [row, said(row), row.n]));
    step.forEach(([row, d, n]) => put(row, d, n));
    keepSoon();
    return step.length;
  }

  function undo() {
    const step = undone.pop();
    if (!step) return null;
    step.forEach(([row, d, n]) => put(row, d, n));
    keepSoon();
    return step.map(([row]) => row);
  }

  // Where somebody has written another decision into the plan's file since, that one is shown; how many these are.
  // Returns the rows that are changed by it.
  function restore() {
    let stored = {};
    const changed = [];
    otherwise = 0;
    try {
      stored = kept();
    } catch (error) {
      isKept = false;
      return changed;
    }
    rows.forEach((row) => {
      const [d, n, first] = Array.isArray(stored[row.index]) ? stored[row.index] : [row.first, row.firstNote];
      if (touched.has(row) || typeof d !== 'string' || typeof n !== 'string') return;
      const isOlder = typeof first === 'string' && first !== row.first;
      if (isOlder && d !== row.first) otherwise++;
      const decision = isOlder ? row.first : d;
      if (said(row) === decision && row.n === n) return;
      set(row, decision, n);
      changed.push(row);
    });
    return changed;
  }

  // ---- files: RFC 4180, quoted where conflicts.csv quotes

  function quoted(field) {
    return /[,"\r\n]|^ | $/.test(field) ? '"' + field.replace(/"/g, '""') + '"' : field;
  }

  function line(fields) {
    return fields.map(quoted).join(',') + '\r\n';
  }

  // conflicts.csv with the decisions filled in; notes have a column of their own, where there are
  // any.  The last record says which plan is answered.
  function toCsv() {
    const notes = !('note' in at) && rows.some((row) => row.n);
    const out = [line(notes ? data.head.concat('note') : data.head)];
    rows.forEach((row) => {
      const fields = row.f.map((f, i) => (
        i === at.decision ? said(row) : i === at.note ? row.n : row.saved[i] || f));
      out.push(line(notes ? fields.concat(row.n) : fields));
    });
    const mark = ['#plan', data.plan.uuid, data.plan.digest];
    while (mark.length < data.head.length + (notes ? 1 : 0)) mark.push('');
    return out.concat(line(mark)).join('');
  }

  function parseCsv(text) {
    const records = [[]];
    const pattern = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/gy;
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      const field = match[1] !== undefined ? match[1].replace(/""/g, '"') : match[2];
      records[records.length - 1].push(field);
      if (match[3] === '' && pattern.lastIndex >= text.length) break;
      if (match[3] !== ',') records.push([]);
      if (pattern.lastIndex >= text.length && match[3] !== ',') break;
    }
    return records.filter((r) => r.length > 1);
  }

  // Words as the plan writes them, however somebody has spelled them: as --decisions reads them.
  function worded(decision) {
    const text = decision.replace(/^[ \t]+|[ \t]+$/g, '');
    if (/^newest:/i.test(text)) return 'newest:' + text.slice(7);
    return text[0] === '{' || text.indexOf('=') >= 0 ? text : text.toLowerCase();
  }

  // Takes what another file decides where nothing is decided here; who says otherwise is counted.
  function fromCsv(text) {
    const records = parseCsv(text.replace(/^\ufeff/, ''));
    const head = records.shift() || [];
    const mark = records.find((r) => r[0] === '#plan');
    const d = head.indexOf('decision');
    const n = head.indexOf('note');
    if (d < 0) return { error: 'This is no file of decisions. What a spreadsheet has saved in its own way is read by repair decide --join, with a file of this page.' };
    if (!mark || mark[1] !== data.plan.uuid || mark[2] !== data.plan.digest) {
      return { error: 'This file answers another plan, or does not say which.' };
    }
    const nameOfRecord = (fields) => ['table', 'source_key', 'target_key', 'kind', 'source', 'target']
      .map((name) => fields[at[name]]).join('\n');
    const waiting = new Map();
    rows.forEach((row) => {
      const fields = row.f.map((f, i) => row.saved[i] || f);
      const name = nameOfRecord(fields);
      if (!waiting.has(name)) waiting.set(name, []);
      waiting.get(name).push(row);
    });
    const changes = [];
    let taken = 0;
    let differ = 0;
    let unknown = 0;
    records.forEach((fields) => {
      if (fields === mark) return;
      const row = (waiting.get(nameOfRecord(fields)) || []).shift();
      const given = worded(fields[d] || '');
      const theirs = 'derived' in at && given === fields[at.derived] ? '' : given; // nobody has said that
      if (!row && theirs) unknown++;
      if (!row) return;
      const mine = isDerived(row) && theirs ? '' : said(row);
      if (!mine && theirs) taken++;
      if (mine && theirs && worded(mine) !== theirs) differ++;
      else changes.push([row, mine || theirs, row.n || (n >= 0 ? fields[n] || '' : '')]);
    });
    decide(changes);
    return { taken: taken, otherwise: differ, unknown: unknown };
  }

  restore();

  return {
    restore: restore, storeName: storeName, otherwise: () => otherwise,
    plan: data.plan, kinds: data.kinds, tables: data.tables, rows: rows, at: at,
    image: image, lastChange: lastChange, lastChanges: lastChanges, keyOf: keyOf, nameOf: nameOf, tableName: tableName, same: same, differing: differing,
    choicesOf: choicesOf, says: says, columnsAsked: columnsAsked, groupsOf: groupsOf,
    said: said, isDerived: isDerived, OPEN: OPEN, decide: decide, undo: undo, canUndo: () => undone.length > 0, decided: () => decided,
    isKept: () => isKept, keepLast: keepLast, toCsv: toCsv, fromCsv: fromCsv,
  };
}());
