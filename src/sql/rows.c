/*
 * The rows of an INSERT: literals, commas and parentheses that cannot change the verdict are jumped
 * over, 64 bytes at a time. A block of bytes becomes a few numbers with a bit for each byte: which
 * is a quote, part of a word, a parenthesis ... Everything else is arithmetic on those: what is
 * inside a string, how deep the parentheses are, where the first odd byte is.
 */
#include "sql/body.h"
#include "sql/scan.h"
#include "sql/word.h"

enum {
    BLOCK = 64,
    WORD_LOAD = 8,     /* bytes read at once from where a word of the block begins */
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

struct words {
    uint64_t byte; /* letters, underscores and digits */
    uint64_t n, u, l;
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

/* In blocks with letters only. */
static inline struct words
load_words(const char *text)
{
    struct words words = {0};
    for (unsigned at = 0; at < BLOCK; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        __m128i low = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        words.byte |= bits(_mm_or_si128(letters(bytes), ranged(bytes, '0', '9')), at);
        words.n |= bits(equal(low, 'n'), at);
        words.u |= bits(equal(low, 'u'), at);
        words.l |= bits(equal(low, 'l'), at);
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

static inline struct words
load_words(const char *text)
{
    struct words words = {0};
    for (unsigned i = 0; i < BLOCK; i++) {
        char low = (char)(text[i] | 0x20);
        words.byte |= (uint64_t)scan_is_word_byte(text[i]) << i;
        words.n |= (uint64_t)(low == 'n') << i;
        words.u |= (uint64_t)(low == 'u') << i;
        words.l |= (uint64_t)(low == 'l') << i;
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

static inline unsigned
least(unsigned a, unsigned b)
{
    return a < b ? a : b;
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

static inline bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A word that cannot matter unless a parenthesis follows, which ends the jump. */
static inline bool
is_harmless(const char *word, unsigned len, char quote)
{
    if (len == 1) { /* x'4142' */
        char c = (char)(*word | 0x20);
        return word[1] == quote && quote == '\'' && (c == 'x' || c == 'b' || c == 'n');
    }
    if (*word == '_') { /* _utf8'..' */
        return true;
    }
    uint64_t key = sql_word_key(sql_word_load(word) | SQL_WORD_FOLD, len);
    return len <= 8 && (key == 0x65757274 /* true */ || key == 0x65736c6166 /* false */ ||
                        key == 0x746c7561666564 /* default */);
}

/* Where words begin that are no numbers (1e5, 0x1f) and not NULL. */
static inline uint64_t
word_starts(const struct words *words, uint64_t letter)
{
    uint64_t starts = words->byte & ~(words->byte << 1);
    uint64_t ends = words->byte & ~(words->byte >> 1);
    uint64_t nulls = words->n & words->u >> 1 & words->l >> 2 & words->l >> 3 & ends >> 3;
    return starts & letter & ~nulls;
}

struct jump {
    const struct sql_lexer *lexer;
    const char *pos;    /* outside of strings, not in a word */
    const char *resume; /* the last place at which the lexer may go on */
    uint64_t gap;       /* all ones: pos is between two rows */
    char quote;
};

/* Which of the words beginning at `starts` matters first; 64: none. They end in the block. */
static inline unsigned
odd_word(uint64_t starts, uint64_t words, const char *bytes, char quote)
{
    while (starts != 0) {
        unsigned start = lowest(starts);
        unsigned len = lowest(~(words >> start));
        if (!is_harmless(bytes + start, len, quote)) {
            return start;
        }
        starts &= starts - 1;
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

/* An element begins here: no operator, and no dot, which would make it a stored function. */
static bool
begins_element(const char *pos)
{
    pos -= pos[-1] == ' ';
    return pos[-1] == ',' || pos[-1] == '(';
}

/* The name, of which WORD_LOAD bytes can be read, of a function that only reads. */
static inline bool
is_read_function(const char *name, unsigned len)
{
    if (len > WORD_LOAD) {
        return sql_word_long(&sql_long_functions, name, len, FN_NONE) == FN_READ;
    }
    uint64_t key = sql_word_key(sql_word_load(name) | SQL_WORD_FOLD, len);
    return sql_word_short(&sql_short_functions, key, FN_NONE) == FN_READ;
}

/*
 * The bytes of the calls, NOW() or UNHEX('4142'), that only read and have nothing but numbers and
 * strings, the `simple` bytes, between their parentheses. They begin and end in the block.
 */
static inline uint64_t
find_calls(const char *bytes, const struct block *block, uint64_t words, uint64_t outside,
           uint64_t simple)
{
    uint64_t calls = 0;
    for (uint64_t opens = block->open & words << 1; opens != 0; opens &= opens - 1) {
        unsigned open = lowest(opens);
        unsigned start = behind_highest(~words & below(open));
        unsigned close = lowest(block->close & outside & ~below(open));
        uint64_t arguments = below(close) & ~below(open + 1);
        if (close < BLOCK && (arguments & ~simple) == 0 && begins_element(bytes + start) &&
            is_read_function(bytes + start, open - start)) {
            calls |= below(close + 1) & ~below(start);
        }
    }
    return calls;
}

/* The arguments behind the parenthesis, numbers and strings: behind their end; NULL: others. */
static const char *
arguments_end(const struct jump *jump, const char *pos)
{
    const struct sql_lexer *lexer = jump->lexer;
    while (pos < lexer->end) {
        char c = *pos++;
        if (c == ')') {
            return pos;
        }
        if (c == jump->quote) {
            pos = scan_quoted(pos, lexer->end, c, lexer->escapes, lexer->charset);
            pos += pos < lexer->end;
        } else if (!is_digit(c) && c != ',' && c != ' ' && c != '.') {
            return NULL;
        }
    }
    return NULL;
}

/* On behind such a call that begins at bit `word` and goes on behind the block; false: it is none.
 */
static bool
jump_call(struct jump *jump, unsigned word)
{
    const struct sql_lexer *lexer = jump->lexer;
    const char *name = jump->pos + word;
    const char *stop = scan_word(name, lexer->end);
    if (stop == lexer->end || *stop != '(' || !begins_element(name) ||
        !is_read_function(name, (unsigned)(stop - name))) {
        return false;
    }
    const char *end = arguments_end(jump, stop + 1);
    if (end == NULL) {
        return false;
    }
    jump->pos = end;
    return true;
}

/* A block with what its bytes mean where the jump is. */
struct reading {
    struct block block;
    uint64_t quotes;  /* that open or close a string */
    uint64_t inside;  /* of a string, with its opening quote */
    uint64_t outside; /* neither a string nor a call that can be jumped over */
    unsigned word;    /* where the first word begins that matters; 64: none does */
    unsigned broken;  /* where the word begins that may go on behind the block; 64: none does */
};

static inline void
read_words(const char *bytes, const struct jump *jump, struct reading *r)
{
    bool broken = r->outside >> (BLOCK - 1) != 0 && scan_is_word_byte(bytes[BLOCK - 1]);
    r->word = BLOCK;
    r->broken = BLOCK;
    if (!broken && (r->block.letter & r->outside) == 0) {
        return;
    }
    struct words words = load_words(bytes);
    words.byte &= r->outside;
    if (broken) {
        r->broken = behind_highest(~words.byte);
    }
    uint64_t starts = word_starts(&words, r->block.letter) & below(r->broken);
    if ((r->block.open & words.byte << 1) != 0) {
        uint64_t strings = jump->lexer->charset == 0 ? ~r->outside : 0;
        uint64_t calls =
            find_calls(bytes, &r->block, words.byte, r->outside, r->block.plain | strings);
        starts &= ~calls;
        r->outside &= ~calls;
    }
    r->word = odd_word(starts, words.byte, bytes, jump->quote);
}

static inline void
read_block(const char *bytes, const struct jump *jump, struct reading *r)
{
    load(bytes, jump->quote, &r->block);
    r->quotes = r->block.quote;
    if (jump->lexer->escapes && r->block.backslash != 0) {
        r->quotes &= ~escaped(r->block.backslash);
    }
    r->inside = parity(r->quotes);
    r->outside = ~r->inside & ~r->quotes;
    read_words(bytes, jump, r);
}

/* One block, or as much of it as is good; false when the jump is over. */
static inline bool
jump_block(struct jump *jump)
{
    struct reading r;
    read_block(jump->pos, jump, &r);
    uint64_t opens = r.block.open & r.outside;
    uint64_t closes = r.block.close & r.outside;
    uint64_t gaps = parity(opens | closes) ^ jump->gap;
    uint64_t dashes = r.block.dash & r.outside;
    uint64_t known = r.block.plain | r.block.dash | r.block.letter | r.block.open | r.block.close;
    unsigned stop =
        lowest((r.outside & ~known) | (dashes & dashes >> 1) | (opens & gaps) | (closes & ~gaps));
    /* What may go on behind the block is left to the next one, which then begins with it. */
    unsigned open = r.inside >> (BLOCK - 1) != 0 ? behind_highest(r.quotes) - 1 : BLOCK;
    if (jump->lexer->charset != 0) {
        open = lowest(r.quotes); /* a byte of a character may look like a quote */
    }
    unsigned dash = dashes >> (BLOCK - 1) != 0 ? BLOCK - 1 : BLOCK;
    unsigned cut = least(least(open, r.broken), dash);
    unsigned good = least(least(stop, r.word), cut);
    note_resume(jump, ((r.block.comma & r.outside & ~gaps) | opens) & below(good),
                closes & below(good));
    if (good > 0) {
        jump->gap = (gaps >> (good - 1) & 1) != 0 ? ~(uint64_t)0 : 0;
    }
    if (good != cut) {
        return good == r.word && jump->gap == 0 && jump_call(jump, good);
    }
    if (good == open && open < BLOCK) {
        return jump_string(jump, open);
    }
    if (good == r.broken && is_digit(jump->pos[good])) { /* 0x and whatever length */
        jump->pos = scan_long_word(jump->pos + BLOCK, jump->lexer->end);
        return true;
    }
    jump->pos += good;
    return good > 0;
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
    while (lexer->end - jump.pos >= BLOCK + WORD_LOAD && jump_block(&jump)) {
    }
    if (jump.resume > start) {
        lexer->pos = jump.resume;
        lexer->after = AFTER_OTHER;
        sql_parse_advance(parse);
        parse->operand = false;
    }
}
