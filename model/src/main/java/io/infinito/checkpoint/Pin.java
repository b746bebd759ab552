package io.infinito.checkpoint;

/**
 * {@code models/<modelName>/pin.json}: while it exists, this checkpoint is served whatever {@code best.json} says, and no trainer deletes
 * it.
 *
 * @param checkpoint that is served
 * @param pinnedAt RFC 3339, UTC: a checkpoint that is pinned again is tried again, should it have been refused
 */
public record Pin(CheckpointReference checkpoint, String pinnedAt) {
    private static final String NAME = "pin.json";

    /** The JSON document. */
    public byte[] toJson() {
        return JsonDocument.write(checkpoint.putInto(JsonDocument.create()).put("pinnedAt", pinnedAt));
    }

    /**
     * Reads {@link #toJson}.
     *
     * @throws IllegalArgumentException naming the field that is missing
     */
    public static Pin fromJson(byte[] json) {
        JsonDocument document = JsonDocument.read(NAME, json);
        return new Pin(CheckpointReference.from(document), document.text("pinnedAt"));
    }
}
