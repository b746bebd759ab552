package io.infinito.infer.model;

/**
 * What an answer names as its model.
 *
 * @param name that is followed
 * @param version job id and step
 * @param step optimizer steps that made it
 * @param sha256 of the checkpoint's manifest, lower-case hex
 */
public record ModelIdentity(String name, String version, int step, String sha256) {}
