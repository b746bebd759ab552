package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The beginning of a download, and beside it the validator of the file that it is the beginning of. */
final class PartialFile {
    private final Path path;
    private final Path validatorPath;

    PartialFile(Path file) {
        this.path = file.resolveSibling(file.getFileName() + ".part");
        this.validatorPath = file.resolveSibling(file.getFileName() + ".part.etag");
    }

    /** Of the bytes that came so far. */
    Path path() {
        return path;
    }

    /** How many bytes came; 0 where nothing could make sure that the rest belongs to them. */
    long resumableBytes() throws IOException {
        return validator().isEmpty() || !Files.exists(path) ? 0 : Files.size(path);
    }

    /** As the server gave it; empty where there is none. */
    String validator() throws IOException {
        try {
            return Files.readString(validatorPath);
        } catch (NoSuchFileException e) {
            return "";
        }
    }

    /** Starts anew and returns the size of the whole, or a negative number. */
    long begin(HttpAnswer answer) throws IOException {
        if (answer.response().code() == 206) {
            forget();
            throw new HttpRetries.Passing("another part came than was asked for");
        }
        // Before the bytes: those of another file must not stand beside this validator.
        Files.deleteIfExists(path);
        Files.writeString(validatorPath, answer.validator());
        Files.createFile(path);
        return answer.total();
    }

    /** Goes on and returns the size of the whole, or a negative number. */
    long append(HttpAnswer answer) throws IOException {
        if (!answer.validator().isEmpty() && !answer.validator().equals(validator())) {
            forget();
            throw new HttpRetries.Passing("the file was changed on the way");
        }
        return answer.total();
    }

    /** Deletes it. */
    void forget() throws IOException {
        Files.deleteIfExists(path);
        Files.deleteIfExists(validatorPath);
    }
}
