package io.infinito.train.checkpoint;

import io.infinito.checkpoint.CheckpointManifest.Part;
import io.infinito.checkpoint.TrainerState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A checkpoint on local disk, all of it but the manifest, on its way to the store.
 *
 * @param folder with a file for each part
 * @param state of the run
 * @param trainLoss mean of the epoch so far
 * @param validationLoss of this state; infinite where it was not measured
 * @param parts name of the file -> what it holds
 */
public record StagedCheckpoint(
        Path folder, TrainerState state, double trainLoss, double validationLoss, Map<String, Part> parts) {
    /** Keeps its own copy of the parts, in order. */
    public StagedCheckpoint {
        parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    }

    /** Removes the files. */
    void delete() {
        deleteFolder(folder);
    }

    /**
     * Removes a folder of files and folders, if it is there.
     *
     * @throws UncheckedIOException if it cannot be removed
     */
    public static void deleteFolder(Path folder) {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                if (Files.isDirectory(entry)) {
                    deleteFolder(entry);
                } else {
                    Files.delete(entry);
                }
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + folder + ": " + e.getMessage(), e);
        }
    }
}
