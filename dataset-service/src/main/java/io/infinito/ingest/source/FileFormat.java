package io.infinito.ingest.source;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** How a file's content is to be read. */
record FileFormat(Kind kind, Compression compression) {
    /** What is in it, once it is unpacked. */
    enum Kind {
        /** UTF-8; a row is a line. */
        TEXT,
        /** As {@link #TEXT}, in files that are named as those of WikiText, whose rows are joined. */
        WIKITEXT,
        /** A row is an object on a line. */
        JSON_LINES,
        /** A row is a row. */
        PARQUET
    }

    private static final Pattern WIKITEXT = Pattern.compile("wiki\\.(train|valid|test)\\.(raw|tokens)");
    /** Endings of what is no text, or would not be read as whoever names it expects. */
    private static final Set<String> OTHERS = Set.of(
            "csv",
            "tsv",
            "json",
            "arrow",
            "feather",
            "avro",
            "orc",
            "pdf",
            "doc",
            "docx",
            "odt",
            "epub",
            "zip",
            "tar",
            "tgz",
            "7z",
            "rar",
            "bz2",
            "xz",
            "lz4",
            "lzma",
            "zstd",
            "gzip",
            "gz",
            "zst",
            "bin",
            "npy",
            "npz",
            "pt",
            "safetensors",
            "pkl",
            "sqlite",
            "db",
            "png",
            "jpg",
            "jpeg",
            "gif",
            "webp",
            "mp3",
            "mp4",
            "wav",
            "jar",
            "class",
            "so",
            "exe");

    /**
     * By a file's name.
     *
     * @param path ends with the name
     * @throws SourceException if it is of another kind
     */
    static FileFormat ofName(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        Compression compression = Compression.NONE;
        for (Compression candidate : Compression.values()) {
            if (name.endsWith(candidate.ending())) {
                compression = candidate;
            }
        }
        String unpacked = name.substring(0, name.length() - compression.ending().length());
        String ending = unpacked.substring(unpacked.lastIndexOf('.') + 1);
        boolean packedParquet = ending.equals("parquet") && compression != Compression.NONE;
        if (packedParquet || (unpacked.contains(".") && OTHERS.contains(ending))) {
            throw new SourceException(
                    "dataset.source: %s is of a kind that cannot be read: expected text, JSON lines (.jsonl, .ndjson) or Parquet (.parquet), each but Parquet also as .gz or .zst"
                            .formatted(path));
        }
        return new FileFormat(kind(unpacked, ending), compression);
    }

    private static Kind kind(String name, String ending) {
        return switch (ending) {
            case "parquet" -> Kind.PARQUET;
            case "jsonl", "ndjson" -> Kind.JSON_LINES;
            default -> WIKITEXT.matcher(name).matches() ? Kind.WIKITEXT : Kind.TEXT;
        };
    }

    /** Whether a row of it is a document. */
    boolean hasRowsForDocuments() {
        return kind == Kind.PARQUET || kind == Kind.JSON_LINES;
    }

    /** How its rows become text. */
    RowConvention convention(String documentSeparator) {
        boolean joined = documentSeparator.isEmpty() ? kind != Kind.TEXT : hasRowsForDocuments();
        if (joined) {
            return documentSeparator.isEmpty() ? RowConvention.JOINED : new RowConvention(true, documentSeparator);
        }
        return new RowConvention(false, documentSeparator);
    }

    /** The size of the text in a file of this size, roughly; negative where that cannot be told. */
    long textSize(long fileSize) {
        return compression == Compression.NONE && kind != Kind.PARQUET ? fileSize : -1;
    }

    /** Reads such a file. */
    Rows rows(Path file, String label, CorpusRules rules) {
        Utf8Text text = new Utf8Text(label, rules.encodingErrors());
        return switch (kind) {
            case PARQUET -> new ParquetRows(file, text, rules.textField());
            case JSON_LINES -> new JsonLines(new TextLines(file, text, compression), rules.textField());
            case TEXT, WIKITEXT -> new TextLines(file, text, compression);
        };
    }
}
