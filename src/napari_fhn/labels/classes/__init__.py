"""The classes of a survey, with the names, codes and colours that files have for them."""
