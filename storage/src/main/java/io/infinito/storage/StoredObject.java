package io.infinito.storage;

/**
 * An object as a listing shows it.
 *
 * @param key inside the bucket
 * @param size in bytes
 * @param etag changes with the content; empty where the server names none
 */
public record StoredObject(String key, long size, String etag) {}
