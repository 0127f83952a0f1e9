//! Small objects of ours: magic, version, and a frame with a checksum.
