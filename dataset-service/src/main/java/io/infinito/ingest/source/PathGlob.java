package io.infinito.ingest.source;

import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.regex.PatternSyntaxException;

/**
 * A pattern for paths: {@code *} and {@code ?} stay within a name, {@code **} goes through folders, {@code **}{@code /} stands for none too,
 * {@code [a-z]} and <code>{a,b}</code> are alternatives.
 */
public final class PathGlob {
    private final String pattern;
    private final PathMatcher matcher;

    /**
     * Reads a pattern.
     *
     * @param field what messages call it, {@code dataset.source} for example
     * @throws SourceException if it is none
     */
    public PathGlob(String field, String pattern) {
        if (pattern.isBlank() || pattern.startsWith("/")) {
            throw new SourceException(
                    "%s: \"%s\" must be a pattern for paths below the source's folder, for example train/*.txt"
                            .formatted(field, pattern));
        }
        this.pattern = pattern;
        try {
            // Java's own does not take **/ for no folder at all.
            this.matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern.replace("**/", "{**/,}"));
        } catch (PatternSyntaxException e) {
            throw new SourceException(
                    "%s: \"%s\" is not a pattern: %s".formatted(field, pattern, e.getDescription()), e);
        }
    }

    /** Whether a path has to be read as a pattern, unless there is a file of that very name. */
    static boolean isPattern(String path) {
        return path.chars().anyMatch(character -> "*?[{".indexOf(character) >= 0);
    }

    /** How much of a pattern is a folder, with its last slash: what stands before the first name that has a wildcard. */
    static int folderLength(String pattern) {
        int wildcard = 0;
        while (wildcard < pattern.length() && !isPattern(pattern.substring(wildcard, wildcard + 1))) {
            wildcard++;
        }
        return pattern.lastIndexOf('/', wildcard) + 1;
    }

    /** Whether the pattern is for this path. */
    boolean matches(String path) {
        try {
            return matcher.matches(Path.of(path));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** As it was given. */
    @Override
    public String toString() {
        return pattern;
    }
}
