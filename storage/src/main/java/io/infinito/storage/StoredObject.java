package io.infinito.storage;

/**
 * An object as a listing shows it.
 *
 * @param key inside the bucket
 * @param size in bytes
 */
public record StoredObject(String key, long size) {}
