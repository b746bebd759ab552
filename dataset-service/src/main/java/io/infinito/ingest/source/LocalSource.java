package io.infinito.ingest.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A file, the files of a folder and its folders, or those of them that a pattern is for. */
record LocalSource(ContentHashes hashes) {
    /**
     * Finds the files.
     *
     * @throws IOException if a folder cannot be read
     * @throws SourceException if there are none
     */
    FileListing list(String address) throws IOException {
        Path path = path(address);
        if (path != null && Files.isRegularFile(path)) {
            return new FileListing(
                    label(path), false, List.of(file(path.getFileName().toString(), path)));
        }
        if (path != null && Files.isDirectory(path)) {
            return folder(path, label(path));
        }
        if (!PathGlob.isPattern(address)) {
            throw new SourceException(
                    "dataset.source: " + label(path) + ": there is no such file or folder that this service can see");
        }
        int folder = PathGlob.folderLength(address);
        Path base = Path.of(address.substring(0, folder));
        if (!Files.isDirectory(base)) {
            throw new SourceException("dataset.source: file:" + address + ": there is no folder " + label(base));
        }
        PathGlob glob = new PathGlob("dataset.source", address.substring(folder));
        FileListing all = folder(base, label(base));
        List<SourceFile> found =
                all.files().stream().filter(file -> glob.matches(file.path())).toList();
        if (found.isEmpty()) {
            throw new SourceException("dataset.source: file:%s is for no file: in %s there is %s"
                    .formatted(address, label(base), all.contents()));
        }
        return new FileListing("file:" + address, true, found);
    }

    /** Null where the system has no such paths, since a pattern need not be one. */
    private static Path path(String address) {
        try {
            return Path.of(address);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private FileListing folder(Path folder, String label) throws IOException {
        List<SourceFile> files = new ArrayList<>();
        // Links are followed: the caches of some tools are folders of links.
        try (Stream<Path> paths = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            for (Path file : paths.filter(Files::isRegularFile).toList()) {
                String below = folder.relativize(file).toString().replace('\\', '/');
                if (!FileListing.isHidden(below)) {
                    files.add(file(below, file));
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        if (files.isEmpty()) {
            throw new SourceException("dataset.source: the folder " + label + " has no files");
        }
        return new FileListing(label, true, files);
    }

    private SourceFile file(String below, Path file) throws IOException {
        return new LocalFile(below, file, ContentHashes.Stamp.of(file), hashes);
    }

    private static String label(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }

    /** Where it lies, and as it was when it was found. */
    private record LocalFile(String path, Path file, ContentHashes.Stamp stamp, ContentHashes hashes)
            implements SourceFile {
        @Override
        public long size() {
            return stamp.size();
        }

        @Override
        public String identity() throws IOException {
            return hashes.sha256(file);
        }

        @Override
        public FetchedFile fetch() throws IOException {
            checkUnchanged();
            return new FetchedFile(file, this::checkUnchanged);
        }

        /** What is read has to be what the dataset is identified by. */
        private void checkUnchanged() throws IOException {
            if (!stamp.equals(ContentHashes.Stamp.of(file))) {
                throw new SourceException("dataset.source: " + file + " was changed while it was read: ask again");
            }
        }
    }
}
