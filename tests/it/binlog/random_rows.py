#!/usr/bin/env python3
"""random_rows.py: statements that make random tables and fill, change and empty them.

    random_rows.py SEED mariadb|mysql|mysql56 ROWS

For binlog_values.sh: three tables r1, r2, r3 with keys from 1 on.  Values are literals of bytes where
they are text, so that no client changes them; what a column cannot hold a server cuts (sql_mode
is empty), which is as good.
"""
import random
import struct
import sys

SETS = {
    "utf8mb4": "aZ0 _'\"\\\0äß日😀%\n", "utf8": "aZ0 _'äß日\0", "latin1": "aZ0 äß'\0ÿ",
    "ucs2": "aZ äß日", "utf16": "aZ äß日😀", "utf32": "aZ 日😀", "cp1251": "aZ Яж", "ascii": "aZ\0~",
}
CODECS = {"utf8mb4": "utf-8", "utf8": "utf-8", "latin1": "latin-1", "ucs2": "utf-16-be",
          "utf16": "utf-16-be", "utf32": "utf-32-be", "cp1251": "cp1251", "ascii": "ascii"}


def literal(data):
    return "X'%s'" % data.hex()


class Maker:
    def __init__(self, seed, kind):
        self.r = random.Random(seed)
        self.kind = kind

    def text(self, charset, most):
        r = self.r
        length = r.choice([0, 1, most, r.randint(0, most), r.randint(0, min(most, 5))])
        data = "".join(r.choice(SETS[charset]) for _ in range(length)).encode(CODECS[charset])
        return "_%s %s" % (charset, literal(data))

    def integer(self, bits, unsigned):
        r = self.r
        low, high = (0, 2 ** bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return str(r.choice([low, high, 0, 1, low + 1, high - 1, r.randint(low, high),
                             r.randint(max(low, -300), 300)]))

    def double(self):
        r = self.r
        while True:
            pick = r.randrange(4)
            if pick == 0:
                d = struct.unpack("<d", struct.pack("<Q", r.getrandbits(64)))[0]
            elif pick == 1:
                d = round(r.uniform(-1e6, 1e6), r.randint(0, 6))
            elif pick == 2:
                d = r.choice([-1, 1]) * 10.0 ** r.randint(-20, 20) * r.randint(1, 99)
            else:
                d = float(r.choice([0.0, -0.0, 2.0 ** r.randint(-1074, 1023), r.randint(-9, 9)]))
            if d == d and abs(d) != float("inf"):
                return repr(d) + ("e0" if "e" not in repr(d) else "")

    def decimal(self, digits, scale):
        r = self.r
        text = "".join(r.choice("0123456789" if r.random() < 0.7 else "09") for _ in range(digits))
        if r.random() < 0.3:
            text = text[: r.randint(0, digits)].rjust(digits, "0")
        return "%s%s.%s" % (r.choice(["", "-"]), text[: digits - scale] or "0",
                            text[digits - scale:] or "0")

    def day(self):
        r = self.r
        return "%04d-%02d-%02d" % (r.choice([0, 1, 1000, 9999, r.randint(1000, 9999)]),
                                   r.randint(0, 12), r.randint(0, 28))

    def clock(self):
        r = self.r
        return "%02d:%02d:%02d.%06d" % (r.randint(0, 23), r.randint(0, 59), r.randint(0, 59),
                                        r.choice([0, 1, 999999, r.randint(0, 999999)]))

    def json(self, depth=0):
        r = self.r
        pick = r.randrange(10 if depth < 4 else 7)
        if pick == 0:
            return r.choice(["null", "true", "false"])
        if pick in (1, 2):
            return str(r.choice([r.randint(-70000, 70000), r.randint(-2 ** 63, 2 ** 64 - 1),
                                 r.randint(-5, 5)]))
        if pick in (3, 4):
            return self.double()
        if pick in (5, 6):
            return '"%s"' % "".join(r.choice(["a", "ä", "😀", "\\n", "\\\"", "\\\\", "\\u0001", " "])
                                    for _ in range(r.randint(0, 8)))
        if pick == 7:
            return "{%s}" % ",".join('"%s":%s' % ("".join(r.choice("abä") for _ in range(
                r.randint(0, 4))), self.json(depth + 1)) for _ in range(r.randint(0, 5)))
        return "[%s]" % ",".join(self.json(depth + 1) for _ in range(r.randint(0, 6)))

    def column(self):
        """A type, and who makes its values."""
        r = self.r
        charset = r.choice(list(SETS))
        most = r.choice([1, 10, 63, 64, 85, 127, 255])
        digits = r.randint(1, 65)
        scale = r.randint(0, min(30, digits))
        fraction = r.randint(0, 6)
        bits = r.randint(1, 64)
        members = r.randint(1, 300)
        few = r.randint(1, 64)
        unsigned = r.random() < 0.5
        sign = " UNSIGNED" if unsigned else ""
        name, width = r.choice([("TINYINT", 8), ("SMALLINT", 16), ("MEDIUMINT", 24), ("INT", 32),
                                ("BIGINT", 64)])
        texts = "CHARACTER SET " + charset
        kinds = [
            (name + sign, lambda: self.integer(width, unsigned)),
            (name + sign, lambda: self.integer(width, unsigned)),
            ("YEAR", lambda: str(r.choice([0, 1901, 2155, r.randint(1901, 2155)]))),
            (r.choice(["FLOAT", "DOUBLE", "DOUBLE(20,5)"]), self.double),
            ("DECIMAL(%d,%d)" % (digits, scale), lambda: self.decimal(digits, scale)),
            ("BIT(%d)" % bits, lambda: str(r.getrandbits(bits))),
            ("BINARY(%d)" % most, lambda: literal(bytes(r.choice([0, 0, 32, 255]) for _ in
                                                        range(r.randint(0, most))))),
            ("VARBINARY(%d)" % (most * 2), lambda: literal(r.randbytes(r.randint(0, most * 2)))),
            ("CHAR(%d) %s" % (most, texts), lambda: self.text(charset, most)),
            ("VARCHAR(%d) %s" % (most, texts), lambda: self.text(charset, most)),
            (r.choice(["TINYTEXT ", "TEXT ", "LONGTEXT "]) + texts, lambda: self.text(charset, most)),
            (r.choice(["TINYBLOB", "BLOB", "MEDIUMBLOB"]), lambda: literal(r.randbytes(most))),
            ("ENUM(%s)" % ",".join("'m%d'" % i for i in range(members)),
             lambda: str(r.randint(0, members))),
            ("SET(%s) CHARACTER SET %s" % (",".join("'m%d'" % i for i in range(few)), charset),
             lambda: str(r.getrandbits(few))),
            ("DATE", lambda: "'%s'" % self.day()),
            ("DATETIME(%d)" % fraction, lambda: "'%s %s'" % (self.day(), self.clock())),
            ("TIME(%d)" % fraction, lambda: "'%s%d%s'" % (r.choice(["", "-"]), r.randint(0, 8),
                                                          self.clock())),
            ("TIMESTAMP(%d) NULL" % fraction, lambda: "'%d-%02d-%02d %s'" % (
                r.randint(1971, 2037), r.randint(1, 12), r.randint(1, 28), self.clock())),
            ("POINT", lambda: "ST_GeomFromText('POINT(%d %d)')" % (r.randint(-99, 99),
                                                                   r.randint(-99, 99))),
        ]
        if self.kind == "mysql":
            kinds += [("JSON", lambda: "_utf8mb4 " + literal(self.json().encode()))] * 4
        if self.kind == "mariadb":
            kinds += [
                ("UUID", lambda: "'%s'" % r.randbytes(16).hex()),
                ("INET6", lambda: "'%s'" % ":".join(r.choice(["0", "0", "%x" % r.getrandbits(16)])
                                                    for _ in range(8))),
                ("INET4", lambda: "'%d.%d.%d.%d'" % tuple(r.choice([0, 32, 255, 7])
                                                          for _ in range(4))),
                ("JSON", lambda: "_utf8mb4 " + literal(self.json().encode())),
            ]
        return r.choice(kinds)

    def table(self, name, rows):
        r = self.r
        columns = [self.column() for _ in range(r.randint(1, 24))]

        def value(i):
            if r.random() < 0.1:
                return "NULL"
            return columns[i][1]()

        print("CREATE TABLE %s (id INT PRIMARY KEY, %s) ENGINE=InnoDB CHARACTER SET utf8mb4;" % (
            name, ", ".join("c%d %s" % (i, c[0]) for i, c in enumerate(columns))))
        for first in range(1, rows + 1, 20):
            print("INSERT IGNORE INTO %s VALUES %s;" % (name, ", ".join(
                "(%d, %s)" % (key, ", ".join(value(i) for i in range(len(columns))))
                for key in range(first, min(first + 20, rows + 1)))))
        for _ in range(rows // 4 + 1):
            changed = r.sample(range(len(columns)), r.randint(1, min(3, len(columns))))
            print("UPDATE IGNORE %s SET %s WHERE id %% %d = %d;" % (
                name, ", ".join("c%d = %s" % (i, value(i)) for i in changed),
                r.choice([7, rows + 1]), r.randint(0, 6)))
        print("DELETE FROM %s WHERE id %% 11 = 3;" % name)
        print("UPDATE %s SET id = id + %d WHERE id %% 13 = 5;" % (name, rows * 2))


def main():
    seed, kind, rows = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    maker = Maker(seed, kind)
    print("SET NAMES utf8mb4, sql_mode = '', time_zone = '+00:00';")
    for name in ("r1", "r2", "r3"):
        maker.table(name, rows)


main()
