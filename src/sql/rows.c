/*
 * The rows of an INSERT: literals, commas and parentheses that cannot change the verdict are jumped
 * over, 64 bytes at a time. A block of bytes becomes a few numbers with a bit for each byte: which
 * is a quote, part of a word, a parenthesis ... Everything else is arithmetic on those: what is
 * inside a string, how deep the parentheses are, where the first odd byte is.
 */
#include "sql/body.h"
#include "sql/scan.h"

enum {
    BLOCK = 64,
    QUOTE_SEARCH = 256 /* in so many bytes the kind of quotes is looked for */
};

struct block {
    uint64_t quote;
    uint64_t backslash;
    uint64_t plain; /* digits, white space and , . + * */
    uint64_t comma;
    uint64_t dash;
    uint64_t open; /* parenthesis */
    uint64_t close;
    uint64_t letter; /* and underscore */
};

#ifdef SCAN_SIMD

static inline __m128i
equal(__m128i bytes, char c)
{
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}

static inline __m128i
ranged(__m128i bytes, char first, char last)
{
    __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8((char)(last - first))), above);
}

static inline __m128i
letters(__m128i bytes)
{
    __m128i low = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    return _mm_or_si128(ranged(low, 'a', 'z'), equal(bytes, '_'));
}

static inline uint64_t
bits(__m128i hits, unsigned at)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(hits) << at;
}

static inline void
load(const char *text, char quote, struct block *out)
{
    *out = (struct block){0};
    for (unsigned at = 0; at < BLOCK; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        __m128i odd = _mm_or_si128(equal(bytes, '-'), equal(bytes, '/'));
        __m128i space = _mm_or_si128(equal(bytes, ' '), ranged(bytes, '\t', '\r'));
        __m128i plain = _mm_andnot_si128(odd, ranged(bytes, '*', '9'));
        out->quote |= bits(equal(bytes, quote), at);
        out->backslash |= bits(equal(bytes, '\\'), at);
        out->plain |= bits(_mm_or_si128(plain, space), at);
        out->comma |= bits(equal(bytes, ','), at);
        out->dash |= bits(equal(bytes, '-'), at);
        out->open |= bits(equal(bytes, '('), at);
        out->close |= bits(equal(bytes, ')'), at);
        out->letter |= bits(letters(bytes), at);
    }
}

/* Letters, underscores and digits. */
static inline uint64_t
load_words(const char *text)
{
    uint64_t words = 0;
    for (unsigned at = 0; at < BLOCK; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        words |= bits(_mm_or_si128(letters(bytes), ranged(bytes, '0', '9')), at);
    }
    return words;
}

#else

static inline void
load(const char *text, char quote, struct block *out)
{
    *out = (struct block){0};
    for (unsigned i = 0; i < BLOCK; i++) {
        char c = text[i];
        uint64_t bit = (uint64_t)1 << i;
        bool digit = c >= '0' && c <= '9';
        out->quote |= c == quote ? bit : 0;
        out->backslash |= c == '\\' ? bit : 0;
        out->comma |= c == ',' ? bit : 0;
        out->dash |= c == '-' ? bit : 0;
        out->open |= c == '(' ? bit : 0;
        out->close |= c == ')' ? bit : 0;
        out->letter |= scan_is_word_byte(c) && !digit ? bit : 0;
        out->plain |= digit || scan_is_space(c) || (c >= '*' && c <= '.' && c != '-') ? bit : 0;
    }
}

static inline uint64_t
load_words(const char *text)
{
    uint64_t words = 0;
    for (unsigned i = 0; i < BLOCK; i++) {
        words |= (uint64_t)scan_is_word_byte(text[i]) << i;
    }
    return words;
}

#endif

/* Bits below `bit`, which may be 64. */
static inline uint64_t
below(unsigned bit)
{
    return bit < BLOCK ? ((uint64_t)1 << bit) - 1 : ~(uint64_t)0;
}

static inline unsigned
lowest(uint64_t bits)
{
    return bits == 0 ? BLOCK : (unsigned)__builtin_ctzll(bits);
}

/* Behind the highest bit; 0: there is none. */
static inline unsigned
behind_highest(uint64_t bits)
{
    return bits == 0 ? 0 : BLOCK - (unsigned)__builtin_clzll(bits);
}

/* Every bit is the parity of the bits up to it. */
static inline uint64_t
parity(uint64_t bits)
{
    for (unsigned shift = 1; shift < BLOCK; shift *= 2) {
        bits ^= bits << shift;
    }
    return bits;
}

/* The bytes behind an odd number of backslashes. */
static inline uint64_t
escaped(uint64_t backslash)
{
    const uint64_t even = 0x5555555555555555u;
    uint64_t behind = backslash << 1;
    uint64_t odd_starts = backslash & ~even & ~behind;
    return (even ^ ((odd_starts + backslash) << 1)) & behind;
}

/* A word that cannot matter unless a parenthesis follows, which ends the jump. */
static bool
is_harmless(const char *word, size_t len, char behind, char quote)
{
    if ((*word >= '0' && *word <= '9') || *word == '_') { /* 1e5, 0x1f, _utf8'..' */
        return true;
    }
    char c = (char)(*word | 0x20);
    if (len == 1) {
        return behind == quote && quote == '\'' && (c == 'x' || c == 'b' || c == 'n');
    }
    const char *same = c == 'n' ? "null" : c == 't' ? "true" : c == 'f' ? "false" : "default";
    for (size_t i = 0; i < len; i++) {
        if ((char)(word[i] | 0x20) != same[i]) { /* also at the end of `same` */
            return false;
        }
    }
    return same[len] == '\0';
}

struct jump {
    const struct sql_lexer *lexer;
    const char *pos;    /* outside of strings, not in a word */
    const char *resume; /* the last place at which the lexer may go on */
    uint64_t gap;       /* all ones: pos is between two rows */
    char quote;
};

/* Where the first word begins that matters; 64: none does. Words must end in the block. */
static unsigned
odd_word(uint64_t found, uint64_t words, const char *bytes, char quote)
{
    while (found != 0) {
        unsigned letter = lowest(found);
        unsigned start = behind_highest(~words & below(letter));
        unsigned stop = lowest(~words & ~below(letter));
        if (!is_harmless(bytes + start, stop - start, bytes[stop], quote)) {
            return start;
        }
        found &= ~below(stop);
    }
    return BLOCK;
}

/* The lexer may go on where an element begins or, between two rows, at the end of the row. */
static inline void
note_resume(struct jump *jump, uint64_t begins, uint64_t closes)
{
    unsigned element = behind_highest(begins);
    unsigned row_end = behind_highest(closes);
    if (row_end > element) {
        jump->resume = jump->pos + row_end - 1;
    } else if (element > 0) {
        jump->resume = jump->pos + element;
    }
}

/* On behind the string that opens at bit `open`; false when it never ends. */
static bool
jump_string(struct jump *jump, unsigned open)
{
    const struct sql_lexer *lexer = jump->lexer;
    const char *close =
        scan_quoted(jump->pos + open + 1, lexer->end, jump->quote, lexer->escapes, lexer->charset);
    jump->pos = close + 1;
    return close != lexer->end;
}

/* One block, or as much of it as is good; false when the jump is over. */
static inline bool
jump_block(struct jump *jump)
{
    const struct sql_lexer *lexer = jump->lexer;
    const char *bytes = jump->pos;
    struct block block;
    load(bytes, jump->quote, &block);
    uint64_t quotes = block.quote;
    if (lexer->escapes && block.backslash != 0) {
        quotes &= ~escaped(block.backslash);
    }
    uint64_t inside = parity(quotes); /* of a string, with its opening quote */
    uint64_t outside = ~inside & ~quotes;
    uint64_t opens = block.open & outside;
    uint64_t closes = block.close & outside;
    uint64_t gaps = parity(opens | closes) ^ jump->gap;
    uint64_t dashes = block.dash & outside;
    uint64_t odd =
        (outside & ~(block.plain | block.dash | block.letter | block.open | block.close)) |
        (dashes & dashes >> 1) | (opens & gaps) | (closes & ~gaps);
    unsigned stop = lowest(odd);
    /* What may go on behind the block is left to the next one, which then begins with it. */
    unsigned open = inside >> (BLOCK - 1) != 0 ? behind_highest(quotes) - 1 : BLOCK;
    if (lexer->charset != 0) {
        open = lowest(quotes); /* a byte of a character may look like a quote */
    }
    unsigned cut = dashes >> (BLOCK - 1) != 0 ? BLOCK - 1 : BLOCK;
    unsigned word = BLOCK;
    bool broken = outside >> (BLOCK - 1) != 0 && scan_is_word_byte(bytes[BLOCK - 1]);
    uint64_t found = block.letter & outside;
    if (broken || found != 0) {
        uint64_t words = load_words(bytes) & outside;
        cut = broken ? behind_highest(~words) : cut;
        word = odd_word(found & below(cut), words, bytes, jump->quote);
    }
    cut = open < cut ? open : cut;
    unsigned good = stop < cut ? stop : cut;
    good = word < good ? word : good;
    note_resume(jump, ((block.comma & outside & ~gaps) | opens) & below(good),
                closes & below(good));
    if (good != cut || (good == 0 && open != 0)) {
        return false;
    }
    if (good > 0) {
        jump->gap = (gaps >> (good - 1) & 1) != 0 ? ~(uint64_t)0 : 0;
    }
    if (good == open && open < BLOCK) {
        return jump_string(jump, open);
    }
    jump->pos += good;
    return true;
}

/* The kind of quotes used for strings: the first there is. */
static char
quote_of(const struct sql_lexer *lexer, const char *start)
{
    const char *end = lexer->end - start > QUOTE_SEARCH ? start + QUOTE_SEARCH : lexer->end;
    if ((lexer->mode & MX_SQL_MODE_ANSI_QUOTES) != 0) {
        return '\'';
    }
    const char *quote = scan_two(start, end, '\'', '"');
    return (char)(quote == end ? '\'' : *quote);
}

/* Nothing was met yet that gives commas and parentheses a meaning. */
static bool
is_plain_frame(const struct sql_frame *frame)
{
    return frame->clause == CLAUSE_EXPR && !frame->from && !frame->with &&
           (frame->kind == FRAME_GROUP || frame->kind == FRAME_BASE);
}

void
sql_rows_skip(struct sql_parse *parse)
{
    struct sql_lexer *lexer = &parse->lexer;
    const char *start = parse->sql + parse->token.start;
    struct jump jump = {.lexer = lexer, .pos = start, .resume = start};
    if (parse->collector != NULL || lexer->in_exec || !is_plain_frame(parse->frame) ||
        !is_plain_frame(&parse->frames[parse->base])) {
        return;
    }
    jump.quote = quote_of(lexer, start);
    while (lexer->end - jump.pos >= BLOCK && jump_block(&jump)) {
    }
    if (jump.resume > start) {
        lexer->pos = jump.resume;
        lexer->after = AFTER_OTHER;
        sql_parse_advance(parse);
        parse->operand = false;
    }
}
