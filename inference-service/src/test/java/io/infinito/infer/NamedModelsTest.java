package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.infinito.infer.model.TinyModels;
import io.infinito.infer.model.TinyTokenizer;
import io.infinito.inference.v1.GetModelRequest;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.ListModelsRequest;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which model a name means, and what is told of it. */
@QuarkusTest
@WithTestResource(Backends.class)
class NamedModelsTest extends ServedTinyModel {
    @Test
    void describesTheModel() {
        GetModelResponse model = inference.getModel(GetModelRequest.getDefaultInstance());
        assertThat(model.getModel()).isEqualTo(version(served, 1));
        assertThat(model.getLayers()).isEqualTo(1);
        assertThat(model.getHidden()).isEqualTo(16);
        assertThat(model.getHeads()).isEqualTo(2);
        assertThat(model.getContext()).isEqualTo(32);
        assertThat(model.getVocabularySize()).isEqualTo(TinyTokenizer.VOCABULARY);
        assertThat(model.getParameters()).isEqualTo(TinyModels.CONFIG.parameterCount());
        assertThat(model.getValidationLoss()).isEqualTo(5.5);
        assertThat(model.getTokenizerSha256()).hasSize(64);
        assertThat(model.getLoadedAt()).startsWith("20").endsWith("Z");
        assertThat(model.getWeightFormat()).isEqualTo("int8");
        assertThat(model.getLastRefusal()).isEmpty();
        assertThat(inference.listModels(ListModelsRequest.getDefaultInstance()).getModelsList())
                .containsExactly(model);
    }

    @Test
    void theModelMayBeNamedByItsAliasOrItsVersion() {
        for (String name : List.of("best", "default", "default@best", "default@" + served.version())) {
            assertThat(inference
                            .generate(request(1).setText("x").setModel(name).build())
                            .getModel())
                    .isEqualTo(version(served, 1));
        }
        for (String name : List.of("last", "default@last", "default@job/step-00000099", "default@", "other@best")) {
            assertStatus(
                    Status.Code.NOT_FOUND,
                    "model=" + name + " is not served here, only default@best (" + served.version() + ")",
                    () -> inference.generate(
                            request(1).setText("x").setModel(name).build()));
        }
    }

    @Test
    void anotherModelIsNotFound() {
        assertStatus(
                Status.Code.NOT_FOUND,
                "model=other is not served here",
                () -> inference.generate(
                        request(5).setText("x").setModel("other").build()));
        assertStatus(
                Status.Code.NOT_FOUND,
                "model=other",
                () -> inference.getModel(
                        GetModelRequest.newBuilder().setModel("other").build()));
    }
}
