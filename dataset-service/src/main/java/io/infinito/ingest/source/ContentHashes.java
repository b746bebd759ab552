package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The hashes of local files, remembered in a folder as long as path, size, time of change and inode stay the same, so that a file is not
 * read again to find out that its dataset exists. Safe for use by several threads and processes.
 *
 * @param folder made when it is missing; its files may be deleted at any time
 */
record ContentHashes(Path folder) {
    private static final Logger LOG = Logger.getLogger(ContentHashes.class);
    /** A file that has just been written may be written again without another time of change. */
    private static final Duration SETTLED = Duration.ofSeconds(2);

    /**
     * What a file is known by without reading it.
     *
     * @param size in bytes
     */
    record Stamp(long size, String text) {
        /** Of a file as it is now. */
        static Stamp of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(
                    attributes.size(),
                    attributes.size() + " " + attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS) + " "
                            + attributes.fileKey());
        }
    }

    /** The SHA-256 of a file's content, lower-case hex. */
    String sha256(Path file) throws IOException {
        Path absolute = file.toAbsolutePath().normalize();
        String name = HexFormat.of()
                .formatHex(FileHash.sha256().digest(absolute.toString().getBytes(StandardCharsets.UTF_8)));
        Path memory = folder.resolve(name);
        Stamp before = Stamp.of(file);
        String head = absolute + "\n" + before.text() + "\n";
        String known = read(memory);
        if (known.startsWith(head) && known.length() == head.length() + 64) {
            return known.substring(head.length());
        }
        String hash = FileHash.of(file);
        long age = System.currentTimeMillis() - Files.getLastModifiedTime(file).toMillis();
        if (before.equals(Stamp.of(file)) && age > SETTLED.toMillis()) {
            write(memory, head + hash);
        }
        return hash;
    }

    private static String read(Path memory) throws IOException {
        try {
            return new String(Files.readAllBytes(memory), StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return "";
        }
    }

    private void write(Path memory, String text) {
        try {
            Files.createDirectories(folder);
            Path partial = Files.createTempFile(folder, "hash", ".part");
            Files.writeString(partial, text);
            Files.move(partial, memory, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.warnf("hashes of files cannot be remembered in infinito.dataset.cache-folder: %s", e);
        }
    }
}
