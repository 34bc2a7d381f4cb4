/* Words out of a stream: end points found with hindsight from the levels of the frames heard last, then the network. */
#include "kv_internal.h"

#if KV_WORDS

/* Frames first ... end - 1 of those kept; whether a pause follows; whether it is loud and long enough to be a word. */
typedef struct {
    uint32_t first, end;
    int32_t peak;
    int whole, good;
} kv_word;

/* A word as near to an end of the recording reaches to it. */
#define KV_WORD_FROM_EDGE (KV_WORD_EDGE > KV_WORD_MARGIN ? KV_WORD_EDGE : KV_WORD_MARGIN)

/* The place of the frame that came `age` frames after the oldest. */
static uint32_t place(const kv_word_buffer *heard, uint32_t age)
{
    const uint32_t index = heard->first + age;
    return index < KV_WORD_BUFFER ? index : index - KV_WORD_BUFFER;
}

static void forget(kv_word_buffer *heard, uint32_t frames)
{
    heard->first = (uint8_t)place(heard, frames);
    heard->count = (uint8_t)(heard->count - frames);
    heard->edge = 0;
}

/* kilovox.frontend.word_finder.WordFinder.find; at least one frame is kept. A run is of active frames, across pauses; one that
 * is long enough goes before one that is not, then the louder goes first. ends: whether the recording ends with the last. */
static void find_word(const kv_word_buffer *heard, int ends, kv_word *word)
{
    const uint32_t count = heard->count;
    /* The frames with the silence before and after the recording do not tell how quiet it is, unless there are no others. */
    const uint32_t from = heard->edge, to = count - (ends ? 1 : 0);
    const int others = from < to;
    int32_t peak = KV_LOWEST_LEVEL, quietest = INT16_MAX, threshold, run_peak = 0;
    uint32_t i, run_first = 0, last = 0, active = 0, found_last = 0;
    for (i = 0; i < count; i++) {
        const int32_t level = heard->levels[place(heard, i)];
        if (level > peak)
            peak = level;
        if (level < quietest && !(others && (i < from || i >= to)))
            quietest = level;
    }
    threshold = quietest + kv_asr(peak - quietest, KV_WORD_SHARE_BITS);
    if (threshold < peak - KV_WORD_DEPTH)
        threshold = peak - KV_WORD_DEPTH;
    if (threshold == peak)
        threshold--; /* all are equally loud */
    word->end = 0;
    word->good = 0;
    for (i = 0; i < count; i++) {
        const int32_t level = heard->levels[place(heard, i)];
        int good;
        if (level <= threshold)
            continue;
        if (active == 0 || i - last > KV_WORD_PAUSE + 1) {
            run_first = i;
            run_peak = level;
            active = 0;
        }
        last = i;
        active++;
        if (level > run_peak)
            run_peak = level;
        good = active >= KV_WORD_SHORTEST;
        /* The run that is found grows with every frame of its own; another takes its place where it is better. */
        if (word->end && word->first == run_first) {
            word->good = good;
            word->peak = run_peak;
            found_last = last;
        } else if (word->end == 0 || good > word->good || (good == word->good && run_peak > word->peak)) {
            word->first = run_first;
            word->end = 1;
            word->good = good;
            word->peak = run_peak;
            found_last = last;
        }
    }
    word->good = word->good && word->peak - quietest >= KV_WORD_PROMINENCE;
    word->whole = count - 1 - found_last > KV_WORD_PAUSE;
    word->first = word->first > (heard->edge ? KV_WORD_FROM_EDGE : KV_WORD_MARGIN) ? word->first - KV_WORD_MARGIN : 0;
    word->end = found_last + 1 + (ends ? KV_WORD_FROM_EDGE : KV_WORD_MARGIN) < count ? found_last + 1 + KV_WORD_MARGIN : count;
}

/* The word through the network, from a state of zeros; its frames and those before it are forgotten. */
static void decide(kv_recogniser *r, const kv_word *word)
{
    kv_word_buffer *heard = &r->heard;
    int8_t features[KV_FEATURES];
    uint32_t i, k;
    kv_forget_states(r);
    for (i = word->first; i < word->end; i++) {
        const uint32_t at = place(heard, i);
        const int32_t below = kv_asr(heard->levels[at] - word->peak, KV_LEVEL_BITS - KV_FEATURE_BITS);
        features[0] = kv_quantised(below, 0);
        for (k = 1; k < KV_FEATURES; k++)
            features[k] = heard->features[at][k - 1];
        kv_step_features(r, features);
    }
    if (r->words == 0 || word->peak > heard->peak) {
        heard->peak = (int16_t)word->peak;
        kv_head(r->xh + KV_INPUTS + (KV_LAYERS - 1) * KV_UNITS, heard->logits);
    }
    heard->any = 1;
    if (r->words < 65535)
        r->words++;
    forget(heard, word->end);
}

void kv_hear(kv_recogniser *r, const int8_t *features, int16_t level)
{
    kv_word_buffer *heard = &r->heard;
    kv_word word;
    uint32_t at, k;
    if (heard->count == KV_WORD_BUFFER)
        forget(heard, 1);
    at = place(heard, heard->count++);
    heard->levels[at] = level;
    for (k = 1; k < KV_FEATURES; k++)
        heard->features[at][k - 1] = features[k];
    find_word(heard, 0, &word);
    if (word.good && word.whole)
        decide(r, &word);
}

void kv_hear_end(kv_recogniser *r)
{
    kv_word word;
    if (r->heard.count == 0)
        return;
    find_word(&r->heard, 1, &word);
    if (word.good || !r->heard.any)
        decide(r, &word);
}

#endif
