/** The safetensors file format: an eight-byte length, a JSON header, and raw little-endian numbers. */
package io.infinito.safetensors;
