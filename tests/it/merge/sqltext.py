"""A history as SQL for the stock client, and what its configuration says."""


def literal(value):
    if value is None:
        return 'NULL'
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace('\\', '\\\\').replace("'", "''") + "'"


def ident(name):
    return f'`{name}`'


def idents(columns):
    return ', '.join(ident(c) for c in columns)


def parents_first(tables):
    """Tables in an order in which foreign keys can be declared (itself allowed)."""
    done, out = set(), []

    def visit(t):
        if t.name in done:
            return
        done.add(t.name)
        for ref in t.refs:
            if ref.foreign_key:
                visit(tables[ref.table])
        out.append(t)
    for t in tables.values():
        visit(t)
    return out


def create(t, counter=None):
    parts = [f'{ident(c.name)} {c.type} {"NULL" if c.null else "NOT NULL"}'
             + (' AUTO_INCREMENT' if c.auto else '') for c in t.columns.values()]
    if t.key:
        parts.append(f'PRIMARY KEY ({idents(t.key)})')
    parts += [f'UNIQUE KEY u{i} ({idents(u)})' for i, u in enumerate(t.unique)]
    for c in t.columns.values():
        if c.auto and t.key[0] != c.name:
            parts.append(f'KEY counter ({ident(c.name)})')
    return f'CREATE TABLE {ident(t.name)} (\n  ' + ',\n  '.join(parts) + '\n) ENGINE = InnoDB' \
        + (f' AUTO_INCREMENT = {counter};' if counter else ';')


def foreign_keys(t):
    parts = [f'ADD CONSTRAINT {ident(f"{t.name}_{i}")} FOREIGN KEY ({idents(ref.columns)}) '
             f'REFERENCES {ident(ref.table)} ({idents(ref.to)})'
             + (f' ON DELETE {ref.on_delete.upper()}' if ref.on_delete else '')
             for i, ref in enumerate(t.refs) if ref.foreign_key]
    return [f'ALTER TABLE {ident(t.name)} ' + ', '.join(parts) + ';'] if parts else []


def dump(side):
    """Tables, rows and counters, for a database in use."""
    out = ["SET NAMES utf8mb4; SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO',"
           " time_zone = '+00:00', foreign_key_checks = 0;"]
    order = parents_first(side.tables)
    out += [create(t, side.counters.get(t.name)) for t in order]
    for t in order:
        rows = [n.row for n in side.nodes[t.name]]
        for i in range(0, len(rows), 500):
            values = ',\n'.join('(' + ', '.join(literal(r[c]) for c in t.columns) + ')'
                                for r in rows[i:i + 500])
            out.append(f'INSERT INTO {ident(t.name)} ({idents(t.columns)}) VALUES\n{values};')
    out.append('SET SESSION foreign_key_checks = 1;')  # so that they are tested
    for t in order:
        out += foreign_keys(t)
    return '\n'.join(out) + '\n'


def configuration(tables, db):
    """What the catalogue cannot say, in the form of myrecon.ini."""
    out = []
    for t in tables.values():
        lines = []
        if t.configured:
            lines.append('identity = ' + (t.configured if isinstance(t.configured, str)
                                          else ', '.join(t.configured)))
        for name, value in (('time-column', t.time), ('update-column', t.update),
                            ('split-key', t.split_key), ('margin', t.margin)):
            if value is not None:
                lines.append(f'{name} = {value}')
        if t.subject:
            lines.append('subject = yes')
        if t.on_conflict:
            lines.append('on-conflict = ' + ', '.join(f'{k}={c}' for k, c in
                                                      t.on_conflict.items()))
        for ref in t.refs:
            if not ref.foreign_key:
                when = f" when {ref.when[0]} = '{ref.when[1]}'" if ref.when else ''
                lines.append(f'reference = {", ".join(ref.columns)} -> '
                             f'{db}.{ref.table}.{",".join(ref.to)}{when}')
        lines += [f'reference = none: {c}' for c in t.dismissed]
        if lines:
            out += [f'[table {db}.{t.name}]', *lines, '']
    return '\n'.join(out)
