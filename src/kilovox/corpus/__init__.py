"""Which recordings exist: corpora, splits, downloads, inspection."""
