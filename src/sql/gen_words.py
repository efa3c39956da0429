#!/usr/bin/env python3
"""Turns the word lists into const hash tables: gen_words.py words.txt functions.txt OUT.h OUT.c"""
import sys

SIZE_BITS = 11
TEXT_MAX = 36  # as in word.h


def fold(text):
    return bytes(ord(c) | 0x20 for c in text)


def slot(folded, bits):
    """Must stay the same computation as sql_word_slot() in word.h."""
    n = len(folded)
    h = n | folded[0] << 8 | folded[n // 2] << 16 | folded[-1] << 24
    h ^= folded[n // 4] * 0x10101
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
            folded = ", ".join("%d" % c for c in fold(text))
            out.write("    [%d] = {{%s}, %d, %s}, /* %s */\n" % (at, folded, len(text), value, text))
    out.write("};\n\n")


def byte_classes():
    """Which bytes the lexer handles without its automaton; the values are those of word.h."""
    name, digit, start, solo, space, wide = 1, 2, 4, 8, 16, 32
    classes = [0] * 256
    for c in range(256):
        char = chr(c)
        if c < 128 and (char.isalnum() or char in "_$"):
            classes[c] |= name
            classes[c] |= digit if char.isdigit() else 0
            classes[c] |= start if char.isalpha() or char == "_" else 0
        if c >= 128:
            classes[c] |= wide
        if char in "(),;=?":
            classes[c] |= solo
        if char in " \t\n\v\f\r":
            classes[c] |= space
    return classes


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
        if max(len(name) for name, _ in group) > TEXT_MAX:
            sys.exit("a word is longer than sql_word.text")
        names = [name.lower() for name, _ in group]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            sys.exit("listed twice: " + " ".join(doubled))
    with open(source_path, "w", encoding="ascii") as out:
        out.write("/* Made by gen_words.py from words.txt and functions.txt: do not edit. */\n"
                  '#include "sql/word.h"\n\n')
        out.write("const unsigned char sql_bytes[256] = {\n    %s};\n\n"
                  % ", ".join("%d" % c for c in byte_classes()))
        write_table(out, "sql_words", rows)
        write_table(out, "sql_functions", functions)


main()
