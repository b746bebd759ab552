/**
 * The S3 bucket that holds checkpoints and aliases, over the MinIO client. {@link io.infinito.storage.ObjectStore} is all that other
 * modules use; nothing here knows what the objects mean.
 */
package io.infinito.storage;
