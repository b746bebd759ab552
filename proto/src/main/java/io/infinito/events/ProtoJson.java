package io.infinito.events;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The proto3 JSON mapping of the human-facing topics and REST resources: strict in, compact out. */
public final class ProtoJson {
    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();
    private static final JsonFormat.Parser STRICT = JsonFormat.parser();
    private static final JsonFormat.Parser LENIENT = JsonFormat.parser().ignoringUnknownFields();
    private static final Pattern UNKNOWN_FIELD = Pattern.compile("Cannot find field: (\\S+) in message (\\S+)");
    private static final Pattern WRONG_VALUE =
            Pattern.compile("^Not an? \\w+ value: (.+)$|^Invalid enum value: (\\S+) for enum type");
    /** An escape that is not itself escaped. */
    private static final Pattern HTML_ESCAPE =
            Pattern.compile("(?<!\\\\)((?:\\\\\\\\)*)\\\\u(0027|003d|003c|003e|0026)");

    private ProtoJson() {}

    /** One line of JSON with lowerCamelCase names; fields that hold their default are left out. */
    public static String print(MessageOrBuilder message) {
        try {
            return withoutHtmlEscapes(PRINTER.print(message));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(
                    "cannot print " + message.getDescriptorForType().getFullName(), e);
        }
    }

    /**
     * Fills {@code builder} from JSON.
     *
     * @throws InvalidJsonException if the text is not JSON, has a field that the message does not have, or a value of another type
     */
    public static <B extends Message.Builder> B parse(String json, B builder) throws InvalidJsonException {
        return parse(json, builder, STRICT);
    }

    /**
     * As {@link #parse}, but fields that the message does not have are skipped: for events of a newer writer.
     *
     * @throws InvalidJsonException if the text is not JSON or has a value of another type
     */
    public static <B extends Message.Builder> B parseLenient(String json, B builder) throws InvalidJsonException {
        return parse(json, builder, LENIENT);
    }

    private static <B extends Message.Builder> B parse(String json, B builder, JsonFormat.Parser parser)
            throws InvalidJsonException {
        try {
            parser.merge(json, builder);
            return builder;
        } catch (InvalidProtocolBufferException | RuntimeException e) {
            throw new InvalidJsonException(reason(json, e, builder), e);
        }
    }

    /** The printer writes {@code '}, {@code =}, {@code <}, {@code >} and {@code &} for web pages; topics are read by people. */
    private static String withoutHtmlEscapes(String json) {
        return HTML_ESCAPE.matcher(json).replaceAll(match -> {
            char character = (char) Integer.parseInt(match.group(2), 16);
            return Matcher.quoteReplacement(match.group(1) + character);
        });
    }

    /** The text of a field at the top of an object, however wrong the rest of it is as a message; empty if there is none. */
    public static Optional<String> textField(String json, String field) {
        try {
            JsonElement value = JsonParser.parseString(json).getAsJsonObject().get(field);
            return value == null || !value.isJsonPrimitive() ? Optional.empty() : Optional.of(value.getAsString());
        } catch (JsonParseException | IllegalStateException e) {
            return Optional.empty();
        }
    }

    private static String reason(String json, Exception e, Message.Builder builder) {
        String message = String.valueOf(e.getMessage());
        Matcher unknown = UNKNOWN_FIELD.matcher(message);
        if (unknown.find()) {
            return "unknown field '" + unknown.group(1) + "' in " + unknown.group(2);
        }
        Matcher value = WRONG_VALUE.matcher(message);
        if (value.find()) {
            String offending = value.group(1) != null ? value.group(1) : value.group(2);
            String path = pathOf(JsonParser.parseString(json), offending.replaceAll("^\"|\"$", ""), "");
            return path.substring(Math.min(1, path.length())) + ": " + message;
        }
        String type = builder.getDescriptorForType().getFullName();
        return "not JSON of " + type + ": " + message.replaceFirst("^(?:[a-z]+\\.)+[A-Za-z.]*Exception: ", "");
    }

    /** Where a value stands, as .outer.inner; empty if it stands nowhere. */
    private static String pathOf(JsonElement element, String value, String path) {
        if (element.isJsonPrimitive()) {
            return element.getAsString().equals(value) ? path : "";
        }
        if (element.isJsonObject()) {
            for (Map.Entry<String, JsonElement> entry :
                    element.getAsJsonObject().entrySet()) {
                String found = pathOf(entry.getValue(), value, path + "." + entry.getKey());
                if (!found.isEmpty()) {
                    return found;
                }
            }
        }
        return "";
    }
}
