package io.infinito.train.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.train.TrainingPlan;
import io.infinito.train.bench.StudySettings.Ingredient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeStudyTest {
    @TempDir
    Path folder;

    @Test
    void trainsWithTheWholeRecipeAndTellsOfTheBestEpoch() throws IOException {
        Path text =
                Files.writeString(folder.resolve("text"), "The cat sat on the mat, and the dog did not. ".repeat(60));
        StudySettings settings = StudySettings.parse(
                "--train=" + text,
                "--validation=" + text,
                "--run=all",
                "--epochs=2",
                "--layers=1",
                "--hidden=16",
                "--heads=2",
                "--context=16",
                "--vocabulary=32");
        assertThat(new RecipeStudy(settings).run())
                .matches("all seed=1 parameters=\\d+ best=[0-9.]+ epoch=\\d/2 last=.*");
    }

    @Test
    void runsUseWhatTheyAreNamedAfter() {
        assertThat(parse("--run=none").ingredients()).isEmpty();
        assertThat(parse("--run=+ema").ingredients()).containsExactly(Ingredient.EMA);
        assertThat(parse("--run=all").ingredients())
                .hasSize(6)
                .doesNotContain(Ingredient.LABEL_SMOOTHING, Ingredient.CLIP);
        assertThat(parse("--run=-dropout").ingredients()).hasSize(5).doesNotContain(Ingredient.DROPOUT);

        TrainingPlan plain = parse("--run=none").plan();
        assertThat(plain.dropout().residual()).isZero();
        assertThat(plain.emaDecay()).isZero();
        assertThat(plain.schedule().minimum()).isPositive();
        TrainingPlan all = parse("--run=all", "--dropout=0.4", "--ema=0.9").plan();
        assertThat(all.dropout().residual()).isEqualTo(0.4);
        assertThat(all.dropout().attention()).isEqualTo(0.2);
        assertThat(all.emaDecay()).isEqualTo(0.9);
        assertThat(all.noise().randomOffset()).isTrue();
        assertThat(all.schedule().minimum()).isZero();
    }

    @Test
    void namesTheArgumentThatIsWrong() {
        assertThatThrownBy(() -> parse("--run=+magic"))
                .hasMessageContaining("magic")
                .hasMessageContaining("token-dropout");
        assertThatThrownBy(() -> parse("--run=some")).hasMessageContaining("--run=some");
        assertThatThrownBy(() -> parse("--epoch=3")).hasMessageContaining("--epoch=3");
        assertThatThrownBy(() -> parse("--epochs=x")).hasMessageContaining("--epochs=x");
        assertThatThrownBy(() -> StudySettings.parse("--train=a")).hasMessageContaining("--validation=FILE is missing");
    }

    private static StudySettings parse(String... arguments) {
        List<String> all = new ArrayList<>(List.of("--train=a", "--validation=b"));
        all.addAll(List.of(arguments));
        return StudySettings.parse(all.toArray(String[]::new));
    }
}
