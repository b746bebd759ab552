package io.infinito.ingest;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyOrNullString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;

import io.infinito.dataset.v1.DatasetManifest;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(TestServers.class)
class DatasetResourceTest {
    private static final Path WIKI = Path.of("src/test/resources/wiki").toAbsolutePath();

    private static Pipeline pipeline;

    @BeforeAll
    static void open() {
        pipeline = new Pipeline(ConfigProvider.getConfig().getValue("kafka.bootstrap.servers", String.class));
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @Test
    void asksForADatasetAndShowsIt() {
        String requestId = given().contentType(ContentType.JSON)
                .body("{\"source\":\"file:" + WIKI + "\"}")
                .post("/v1/datasets")
                .then()
                .statusCode(202)
                .body("requestId", not(emptyOrNullString()))
                .extract()
                .path("requestId");
        DatasetManifest manifest = pipeline.lastAnswer(requestId);

        given().get("/v1/datasets/" + manifest.getDatasetId())
                .then()
                .statusCode(200)
                .contentType(ContentType.JSON)
                .body("state", equalTo("READY"))
                .body("spec.source", equalTo("file:" + WIKI))
                .body("splits", hasSize(3))
                .body("splits[0].shards", equalTo(1))
                .body("splits[0].rows", equalTo("91"));
        given().get("/v1/datasets")
                .then()
                .statusCode(200)
                .contentType(ContentType.JSON)
                .body("datasets.datasetId", hasItem(manifest.getDatasetId()));
    }

    @Test
    void namesTheFieldThatIsWrong() {
        refuses("{}", "dataset.source is missing");
        refuses("text", "not JSON of infinito.dataset.v1.DatasetSpec");
        refuses("{\"sauce\":\"x\"}", "unknown field 'sauce'");
        refuses("{\"source\":\"hf://x\"}", "expected hf://owner/name/config");
        refuses("{\"source\":\"builtin:tiny-tales\",\"split\":{\"testRatio\":-1}}", "dataset.split.testRatio");
    }

    @Test
    void knowsNoOtherDataset() {
        given().get("/v1/datasets/unheard-of")
                .then()
                .statusCode(404)
                .contentType(ContentType.JSON)
                .body("error", containsString("there is no dataset unheard-of"));
    }

    @Test
    void becomesReadyAndIsMeasured() {
        Awaitility.await()
                .untilAsserted(() -> given().get("/q/health/ready").then().statusCode(200));
        given().get("/q/health/live").then().statusCode(200);
        given().get("/q/metrics").then().statusCode(200);
    }

    private static void refuses(String body, String sentence) {
        given().contentType(ContentType.JSON)
                .body(body)
                .post("/v1/datasets")
                .then()
                .statusCode(400)
                .contentType(ContentType.JSON)
                .body("error", containsString(sentence));
    }
}
