"""Steps of labelling: each on the disk before anything is changed, taken back and made again."""
