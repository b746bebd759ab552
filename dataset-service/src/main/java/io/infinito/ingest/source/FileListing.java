package io.infinito.ingest.source;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The files that a source names, in the order of their paths, without hidden ones.
 *
 * @param label what messages call the source
 * @param isFolder false for an address of one file, whose name does not say for which split it is
 */
record FileListing(String label, boolean isFolder, List<SourceFile> files) {
    private static final int SHOWN = 10;

    /** Puts them in order. */
    FileListing {
        files = files.stream().sorted(Comparator.comparing(SourceFile::path)).toList();
    }

    /** Whether a name on the path starts with a dot. */
    static boolean isHidden(String path) {
        return path.startsWith(".") || path.contains("/.");
    }

    /** Some of the paths, for messages. */
    String contents() {
        return contents(files.stream().map(SourceFile::path).toList());
    }

    /** Some of the paths, for messages. */
    static String contents(List<String> paths) {
        if (paths.isEmpty()) {
            return "nothing";
        }
        String some = paths.stream().sorted().limit(SHOWN).collect(Collectors.joining(", "));
        return paths.size() > SHOWN ? some + " and " + (paths.size() - SHOWN) + " more" : some;
    }
}
