package io.infinito.standalone.datasets;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.tokenizer.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The tokens of a dataset's tokenizer, so that ids can be shown as text. */
public final class DatasetVocabulary {
    private DatasetVocabulary() {}

    /**
     * GPT-2's, or the one in the file that the dataset names.
     *
     * @throws DatasetUnavailable if the file is not on this machine, or is another tokenizer than the one the dataset was made with
     */
    public static Vocabulary of(DatasetManifest dataset) {
        String name = dataset.getSpec().getTokenizer();
        Vocabulary vocabulary = name.isEmpty() || name.equals("gpt2") ? Vocabulary.gpt2() : read(Path.of(name));
        if (!vocabulary.sha256().equals(dataset.getTokenizerSha256())) {
            throw new DatasetUnavailable("tokens cannot be shown as text: tokenizer '" + name + "' is "
                    + vocabulary.sha256() + " here, but the dataset was made with " + dataset.getTokenizerSha256());
        }
        return vocabulary;
    }

    private static Vocabulary read(Path file) {
        try {
            return Vocabulary.parse(Files.readAllBytes(file));
        } catch (IOException | IllegalArgumentException e) {
            throw new DatasetUnavailable("tokens cannot be shown as text: the dataset's tokenizer " + file
                    + " cannot be read on this machine (" + e + ")");
        }
    }
}
