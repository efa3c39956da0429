#!/usr/bin/env python3
"""Turns the word lists into const hash tables: gen_words.py words.txt functions.txt OUT.h OUT.c"""
import sys

SIZE_BITS = 11


def fold(text):
    return bytes(ord(c) | 0x20 for c in text)


def slot(folded, bits):
    """Must stay the same computation as sql_word_slot() in word.h."""
    h = len(folded)
    h = (h * 31 + folded[0]) & 0xFFFFFFFF
    h = (h * 31 + folded[len(folded) // 2]) & 0xFFFFFFFF
    h = (h * 31 + folded[-1]) & 0xFFFFFFFF
    h = (h * 31 + folded[len(folded) // 4]) & 0xFFFFFFFF
    h = (h * 31 + folded[len(folded) * 3 // 4]) & 0xFFFFFFFF
    return (h * 0x9E3779B1 & 0xFFFFFFFF) >> (32 - bits)


def table(rows):
    size = 1 << SIZE_BITS
    slots = [None] * size
    for text, value in rows:
        at = slot(fold(text), SIZE_BITS)
        while slots[at] is not None:
            at = (at + 1) % size
        slots[at] = (text, value)
    return slots


def write_table(out, name, rows):
    slots = table(rows)
    out.write("const struct sql_word %s[SQL_WORD_SLOTS] = {\n" % name)
    for at, entry in enumerate(slots):
        if entry:
            text, value = entry
            quoted = "".join(c if c.isalnum() else '\\x%02x""' % (ord(c) | 0x20)
                             for c in text.lower())
            out.write('    [%d] = {"%s", %d, %s},\n' % (at, quoted, len(text), value))
    out.write("};\n\n")


def lines(path):
    with open(path, encoding="ascii") as source:
        for line in source:
            line = line.split("#")[0].strip()
            if line:
                yield line


def main():
    words_path, functions_path, header_path, source_path = sys.argv[1:5]
    sections = {"names": [], "reserved": [], "other": []}
    current = None
    for line in lines(words_path):
        if line.startswith("["):
            current = sections[line.strip("[]")]
        else:
            current.extend(line.split())
    with open(header_path, "w", encoding="ascii") as out:
        out.write("/* Made by gen_words.py from words.txt: do not edit. */\n"
                  "#ifndef SQL_KEYWORD_H\n#define SQL_KEYWORD_H\n\nenum sql_keyword {\n")
        for word in sections["names"]:
            out.write("    K_%s,\n" % word)
        out.write("    K_RESERVED_FIRST, /* not a word */\n")
        for word in sections["reserved"]:
            out.write("    K_%s,\n" % word)
        out.write("    K_OTHER_RESERVED, /* reserved words without a meaning here */\n};\n\n#endif\n")
    rows = [(w, "K_" + w) for w in sections["names"] + sections["reserved"]]
    rows += [(w, "K_OTHER_RESERVED") for w in sections["other"]]
    functions = []
    for line in lines(functions_path):
        kind, *names = line.split()
        functions += [(name, "FN_" + kind) for name in names]
    for group in (rows, functions):
        names = [name.lower() for name, _ in group]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            sys.exit("listed twice: " + " ".join(doubled))
    with open(source_path, "w", encoding="ascii") as out:
        out.write("/* Made by gen_words.py from words.txt and functions.txt: do not edit. */\n"
                  '#include "sql/word.h"\n\n')
        write_table(out, "sql_words", rows)
        write_table(out, "sql_functions", functions)


main()
