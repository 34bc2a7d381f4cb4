/* What the page in the browser needs besides the functions of kilovox.h: one stream of sound, and where in memory lies what it shows.
 * Nothing here decides anything: the recogniser is the firmware's own. Pointers are addresses in the module's memory. */
#include "kilovox.h"
#include "kv_internal.h"

#if KV_LISTENS
#define SHOWN KV_OUTPUTS
#else
#define SHOWN KV_LABELS
#endif

static kv_recogniser ear;
static kv_decision decision;
static int16_t sound[KV_HOP];
static uint8_t shares[SHOWN];

uint32_t kv_web_sample_rate(void)
{
    return KV_SAMPLE_RATE;
}

/* Samples of `sound`, which kv_web_push takes at most. */
uint32_t kv_web_hop(void)
{
    return KV_HOP;
}

uint32_t kv_web_features(void)
{
    return KV_FEATURES;
}

uint32_t kv_web_units(void)
{
    return KV_UNITS;
}

uint32_t kv_web_labels(void)
{
    return KV_LABELS;
}

/* Of the outputs that have a share: labels, and of a network that listens last the blank, no word. */
uint32_t kv_web_shown(void)
{
    return SHOWN;
}

/* int16 (hop): where the page puts samples. */
int16_t *kv_web_sound(void)
{
    return sound;
}

/* uint8 (labels): the least confidence, of 255, with which each is accepted. The page may lower and raise them. */
const uint8_t *kv_web_thresholds(void)
{
    return kv_thresholds;
}

/* UTF-8, ended by 0. */
const char *kv_web_label(uint32_t index)
{
    return kv_labels[index];
}

void kv_web_reset(void)
{
    uint32_t i;
    kv_reset(&ear);
    for (i = 0; i < SHOWN; i++)
        shares[i] = 0;
}

static void share_out(const int32_t *logits)
{
    const int32_t largest = logits[kv_largest(logits, SHOWN)];
    uint32_t total = 0, i;
    for (i = 0; i < SHOWN; i++)
        total += kv_softmax_power(logits[i], largest);
    for (i = 0; i < SHOWN; i++)
        shares[i] = kv_share(kv_softmax_power(logits[i], largest), total);
}

/* The first `count` samples of `sound`. Returns whether they completed a frame. */
uint32_t kv_web_push(uint32_t count)
{
#if KV_LISTENS
    const uint32_t before = ear.decider.frame;
    const uint32_t frames = (uint32_t)kv_push(&ear, sound, count);
    if (ear.decider.frame != before) /* logits of the frame are still there: nothing was heard after it */
        share_out(ear.scratch.layer.logits);
#else
    const uint32_t words = ear.words, frames = (uint32_t)kv_push(&ear, sound, count);
    if (ear.words != words) {
        kv_result(&ear, &decision);
        share_out(decision.logits);
    }
#endif
    return frames;
}

uint32_t kv_web_finish(void)
{
    return (uint32_t)kv_finish(&ear);
}

/* int8 (features): of the newest frame, as the network sees them; of a model that finds words, all but the first, whose value is
 * known when the word has ended. */
const int8_t *kv_web_newest(void)
{
#if KV_LISTENS
    return ear.past + kv_blocks[0].past + ear.newest[0];
#else
    static int8_t newest[KV_FEATURES];
    const uint32_t last = ear.heard.count ? (ear.heard.first + ear.heard.count - 1u) % KV_WORD_BUFFER : 0;
    uint32_t i;
    for (i = 1; i < KV_FEATURES; i++)
        newest[i] = ear.heard.features[last][i - 1];
    return newest;
#endif
}

/* int8 (units): the last layer's hidden state, Q0.7. */
const int8_t *kv_web_hidden(void)
{
    return ear.xh + KV_INPUTS + (KV_LAYERS - 1) * KV_UNITS;
}

/* uint8 (shown): shares of 255, of the newest frame, or of the last word. */
const uint8_t *kv_web_shares(void)
{
    return shares;
}

/* Words decided on that kv_web_next has not told of. */
uint32_t kv_web_words(void)
{
    return ear.words;
}

/* The next of these. Returns label | confidence << 16 | outcome << 24. */
uint32_t kv_web_next(void)
{
#if KV_LISTENS
    kv_detection word = {0, 0, 0, KV_NOTHING};
    kv_detected(&ear, &word);
    return word.label | (uint32_t)word.confidence << 16 | (uint32_t)word.outcome << 24;
#else
    kv_result(&ear, &decision);
    kv_next(&ear);
    return decision.label | (uint32_t)decision.confidence << 16 | (uint32_t)decision.outcome << 24;
#endif
}

/* The one word of the recording, as kv_web_next; its logits are kv_web_logits. */
uint32_t kv_web_result(void)
{
    kv_result(&ear, &decision);
    return decision.label | (uint32_t)decision.confidence << 16 | (uint32_t)decision.outcome << 24;
}

/* int32 (labels): of kv_web_result. */
const int32_t *kv_web_logits(void)
{
    return decision.logits;
}
