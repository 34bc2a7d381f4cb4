/* A network that listens, frame by frame: convolutions, layers, head. integer/convolution.py is the specification. */
#include "kv_internal.h"

/* The place of the next frame that block `index` hears. */
static int8_t *next_frame(kv_recogniser *r, uint32_t index)
{
    const kv_block *block = &kv_blocks[index];
    const uint32_t next = (uint32_t)r->newest[index] + block->frame;
    r->newest[index] = (uint16_t)(next == block->ring ? 0 : next);
    return r->past + block->past + r->newest[index];
}

/* Columns of the full convolution, (frames, bands), of one channel. */
static void gather(const kv_block *block, const kv_view *view, int8_t *x)
{
    uint32_t place = view->newest, frame, band;
    for (frame = 0; frame < block->frames; frame++) {
        const int8_t *at;
        place += block->frame;
        if (place == block->ring)
            place = 0;
        at = view->past + place + view->left;
        for (band = 0; band < block->bands; band++)
            *x++ = band >= view->from && band < view->to ? *at++ : 0;
    }
}

/* One output of block `index`, y: (bands, channels), from what it has heard. */
static void block_step(kv_recogniser *r, uint32_t index, int8_t *y)
{
    const kv_block *block = &kv_blocks[index];
    int8_t *const x = r->scratch.layer.view;
    const int32_t bands = block->bands, heard = block->heard_bands, stride = block->band_stride;
    int32_t first = -(bands >> 1), centre;
    kv_view view;
    view.past = r->past + block->past;
    view.newest = r->newest[index];
    view.left = 0;
    for (centre = 0; centre < heard; centre += stride, first += stride) {
        view.from = (uint8_t)(first < 0 ? -first : 0);
        view.to = (uint8_t)(heard - first < bands ? heard - first : bands);
        view.left = (uint16_t)(first > 0 ? (uint32_t)first * block->channels : 0);
        if (index)
            kv_depthwise(block, &view, x);
        else
            gather(block, &view, x);
        kv_channels(&r->scratch.layer, &block->rows, x, y, 1);
        y += 4 * (uint32_t)block->rows.fours;
    }
}

/* features: (KV_FEATURES) int8, Q2.5. */
void kv_listen(kv_recogniser *r, const int8_t *features)
{
    int8_t *heard = next_frame(r, 0);
    uint32_t i;
    for (i = 0; i < KV_FEATURES; i++)
        heard[i] = features[i];
    for (i = 0; i < KV_BLOCKS; i++) {
        if (r->skip[i]) {
            r->skip[i]--;
            return;
        }
        r->skip[i] = (uint8_t)(kv_blocks[i].frame_stride - 1);
        heard = i + 1 < KV_BLOCKS ? next_frame(r, i + 1) : r->scratch.layer.frame;
        block_step(r, i, heard);
    }
    kv_channels(&r->scratch.layer, &kv_projection, heard, r->xh, 0);
    kv_step_features(r, r->xh);
    kv_head(r->xh + KV_INPUTS + (KV_LAYERS - 1) * KV_UNITS, r->scratch.layer.logits);
    kv_judge(r, r->scratch.layer.logits);
}
