"""Surveys by address: Zarr, MDIO and GeoTIFF that a person has named by ``https://``, ``s3://``, ``gs://``, ``abfs://``.

Only what a person has named is fetched; what a file names is not (`napari_fhn.surveys.reaching`). Whatever goes wrong
on the way is a sentence, within a time.
"""
