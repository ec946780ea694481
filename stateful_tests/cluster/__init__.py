"""A hunt on a cluster of Dask workers: what travels there, what is done there, and how it comes back. Needs the extra `dask`."""
