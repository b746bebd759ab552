package io.infinito.ingest.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One field of JSON objects, of which each is on a line of its own. An object whose field is null is an empty row; blank lines are none.
 * Positions are those of the lines.
 */
record JsonLines(TextLines lines, String field) implements Rows {
    /** A line has to be held at once. */
    static final int MAX_LINE_LENGTH = 1 << 26;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(MAX_LINE_LENGTH)
                    .build())
            .build();

    @Override
    public void forEach(Sink sink) throws IOException {
        lines.readLines(new Utf8Lines.Sink() {
            private final StringBuilder parts = new StringBuilder();
            private long number = 1;

            @Override
            public void accept(long position, String part, boolean endsLine) {
                if (parts.length() + part.length() > MAX_LINE_LENGTH) {
                    throw bad(
                            number, "has more than " + MAX_LINE_LENGTH + " characters, which is too long for one text");
                }
                if (!endsLine) {
                    parts.append(part);
                    return;
                }
                String line = parts.isEmpty() ? part : parts.append(part).toString();
                parts.setLength(0);
                if (!line.isBlank()) {
                    sink.accept(position, new TextRun(value(line, number), true, true));
                }
                number++;
            }
        });
    }

    @Override
    public long extent() throws IOException {
        return lines.extent();
    }

    private String value(String line, long number) {
        try (JsonParser json = JSON.createParser(line)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw bad(number, "is not a JSON object");
            }
            String value = null;
            List<String> others = new ArrayList<>();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                JsonToken token = json.nextToken();
                if (!name.equals(field)) {
                    others.add(name);
                    json.skipChildren();
                } else if (token == JsonToken.VALUE_STRING) {
                    value = json.getText();
                } else if (token == JsonToken.VALUE_NULL) {
                    value = "";
                } else {
                    throw bad(number, "has no string in its field '%s'".formatted(field));
                }
            }
            if (json.nextToken() != null) {
                throw bad(number, "goes on after its JSON object");
            }
            if (value == null) {
                throw bad(
                        number,
                        "has no field '%s', only %s; dataset.textField says which one holds the text"
                                .formatted(field, others));
            }
            // Only an escape can be half a pair: UTF-8 has none.
            return line.contains("\\u") ? lines.text().withoutHalfPairs(value, number) : value;
        } catch (JsonProcessingException e) {
            throw bad(
                    number,
                    "is not JSON at column %d: %s"
                            .formatted(
                                    e.getLocation() == null
                                            ? 1
                                            : e.getLocation().getColumnNr(),
                                    e.getOriginalMessage()));
        } catch (IOException e) {
            // Nothing is read from but a string.
            throw new IllegalStateException(e);
        }
    }

    private SourceException bad(long line, String reason) {
        return new SourceException(
                "dataset.source: %s line %d %s".formatted(lines.text().label(), line, reason));
    }
}
