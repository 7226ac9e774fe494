"""Label volumes: painted, changed, drawn, tidied, and parted into what is learnt from and what is held out."""
