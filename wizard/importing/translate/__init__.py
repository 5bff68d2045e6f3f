"""From a release as it was read to a profile's data; what is taken and left is noted as it goes."""
