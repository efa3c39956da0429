#!/usr/bin/env python3
"""Turns the word lists into perfect hash tables: gen_words.py words.txt functions.txt OUT.h OUT.c"""
import sys

SLOTS, BUCKETS, TEXT = 512, 256, 40  # as in word.h
WORD64 = (1 << 64) - 1


def fold(text):
    return bytes(ord(c) | 0x20 for c in text)


def key(folded):
    """Must stay the same computation as in word.h: sql_word_key(), sql_word_long()."""
    head = int.from_bytes(folded[:8], "little")
    if len(folded) <= 8:
        return head
    return head + 5 * (int.from_bytes(folded[-8:], "little") + len(folded)) & WORD64


def bucket_and_slot(folded, multiplier):
    """Must stay the same computation as sql_word_slot() in word.h; the slot before its shift."""
    hashed = key(folded) * multiplier & WORD64
    return hashed >> 56, (hashed >> 40) % SLOTS


def perfect(rows, multiplier):
    """Finds a shift for every bucket, the fullest first, so that no two words share a slot."""
    buckets = [[] for _ in range(BUCKETS)]
    for text, value in rows:
        bucket, slot = bucket_and_slot(fold(text), multiplier)
        buckets[bucket].append((slot, text, value))
    slots, shifts = [None] * SLOTS, [0] * BUCKETS
    for bucket in sorted(range(BUCKETS), key=lambda b: -len(buckets[b])):
        words = buckets[bucket]
        for shift in range(SLOTS):
            wanted = {slot ^ shift for slot, _, _ in words}
            if len(wanted) == len(words) and not any(slots[at] for at in wanted):
                break
        else:
            return None
        shifts[bucket] = shift
        for slot, text, value in words:
            slots[slot ^ shift] = (text, value)
    return slots, shifts


def perfect_tables(groups):
    """One multiplier under which every group has a perfect hash."""
    multiplier = 0x9E3779B97F4A7C15
    for _ in range(1000):
        tables = [perfect(rows, multiplier) for rows in groups]
        if all(tables):
            return multiplier, tables
        multiplier = (multiplier * 0xD1342543DE82EF95 + 2) & WORD64
    sys.exit("no perfect hash: more slots are needed")


def write_table(out, name, size, table):
    slots, shifts = table
    used = [(at, *entry) for at, entry in enumerate(slots) if entry]
    out.write("const struct sql_%s_words %s = {\n" % (size, name))
    if size == "short":
        for at, text, value in used:
            out.write("    .keys[%d] = 0x%xu, .values[%d] = %s, /* %s */\n"
                      % (at, key(fold(text)), at, value, text))
    else:
        for at, text, value in used:
            folded = ", ".join("%d" % c for c in fold(text))
            out.write("    .words[%d] = {{%s}, %d, %s}, /* %s */\n"
                      % (at, folded, len(text), value, text))
    out.write("    .shifts = {%s},\n};\n\n" % ", ".join("%d" % s for s in shifts))


def byte_classes():
    """Which bytes the lexer handles without its automaton; the values are those of word.h."""
    name, digit, start, solo, space, more, point, quote = (1 << bit for bit in range(8))
    classes = [0] * 256
    for c in range(256):
        char = chr(c)
        if c < 128 and (char.isalnum() or char == "_"):
            classes[c] |= name
            classes[c] |= digit if char.isdigit() else start
        if c >= 128 or char in "$'":
            classes[c] |= more
        if char in "(),;=?+%{}":
            classes[c] |= solo
        if char in " \t\n\v\f\r":
            classes[c] |= space
        if char == ".":
            classes[c] |= point
        if char in "'`":
            classes[c] |= quote
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
    keywords = [(w, "KW(%s)" % w) for w in sections["names"] + sections["reserved"]]
    keywords += [(w, "KW(OTHER_RESERVED)") for w in sections["other"]]
    functions = []
    for line in lines(functions_path):
        kind, *names = line.split()
        functions += [(name, "FN_" + kind) for name in names]
    for group in (keywords, functions):
        if max(len(name) for name, _ in group) > TEXT:
            sys.exit("a word is longer than sql_long_word.text")
        names = [name.lower() for name, _ in group]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            sys.exit("listed twice: " + " ".join(doubled))
    groups = [[row for row in rows if (len(row[0]) <= 8) == short]
              for rows in (keywords, functions) for short in (True, False)]
    multiplier, tables = perfect_tables(groups)
    with open(header_path, "w", encoding="ascii") as out:
        out.write("/* Made by gen_words.py from words.txt: do not edit. */\n"
                  "#ifndef SQL_KEYWORD_H\n#define SQL_KEYWORD_H\n\nenum sql_keyword {\n")
        for word in sections["names"]:
            out.write("    K_%s,\n" % word)
        out.write("    K_RESERVED_FIRST, /* not a word */\n")
        for word in sections["reserved"]:
            out.write("    K_%s,\n" % word)
        out.write("    K_OTHER_RESERVED, /* reserved words without a meaning here */\n};\n\n")
        out.write("#define SQL_WORD_MULTIPLIER 0x%xu /* under which the hashes are perfect */\n\n"
                  "#endif\n" % multiplier)
    with open(source_path, "w", encoding="ascii") as out:
        out.write("/* Made by gen_words.py from words.txt and functions.txt: do not edit. */\n"
                  '#include "sql/token.h"\n#include "sql/word.h"\n\n')
        out.write("const unsigned char sql_bytes[256] = {\n    %s};\n\n"
                  % ", ".join("%d" % c for c in byte_classes()))
        write_table(out, "sql_short_keywords", "short", tables[0])
        write_table(out, "sql_long_keywords", "long", tables[1])
        write_table(out, "sql_short_functions", "short", tables[2])
        write_table(out, "sql_long_functions", "long", tables[3])


main()
