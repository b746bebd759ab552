package io.infinito.tokenize;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import java.util.List;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(KafkaBroker.class)
class TokenizerResourceTest {
    private static final String GPT2_SHA256 = "01776d5ddbcc40e1dc12ca5610779b746b19dcf21a7ce2d6b207886ca3ca5588";

    @Test
    void encodesDecodesAndCounts() {
        List<Integer> ids = given().contentType(ContentType.JSON)
                .body("{\"text\":\"Hello, wörld 🙂\"}")
                .post("/v1/encode")
                .then()
                .statusCode(200)
                .contentType(ContentType.JSON)
                .body("tokenizerSha256", equalTo(GPT2_SHA256))
                .extract()
                .path("ids");
        assertThat(ids).startsWith(15496, 11);
        given().contentType(ContentType.JSON)
                .body("{\"ids\":" + ids + "}")
                .post("/v1/decode")
                .then()
                .statusCode(200)
                .body("text", equalTo("Hello, wörld 🙂"));
        given().contentType(ContentType.JSON)
                .body("{\"text\":\"Hello, wörld 🙂\",\"tokenizer\":\"gpt2\"}")
                .post("/v1/count")
                .then()
                .statusCode(200)
                .body("tokens", is(ids.size()));
    }

    @Test
    void describesTheTokenizer() {
        given().get("/v1/tokenizer")
                .then()
                .statusCode(200)
                .body("name", equalTo("gpt2"))
                .body("vocabularySize", is(50_257))
                .body("sha256", equalTo(GPT2_SHA256));
        given().queryParam("name", "gpt3")
                .get("/v1/tokenizer")
                .then()
                .statusCode(400)
                .body("error", containsString("tokenizer: \"gpt3\""));
    }

    @Test
    void namesTheFieldThatIsWrong() {
        refuses("/v1/encode", "{\"txt\":\"x\"}", "unknown field 'txt'");
        refuses("/v1/encode", "text", "not JSON of infinito.tokenizer.v1.EncodeRequest");
        refuses("/v1/count", "{\"text\":\"x\",\"tokenizer\":\"gpt3\"}", "tokenizer: \"gpt3\"");
        refuses("/v1/encode", "{\"text\":\"" + "a".repeat(1_000_001) + "\"}", "text: 1000001 characters");
        refuses("/v1/decode", "{\"ids\":[1,50257]}", "ids: 50257");
        refuses("/v1/decode", "{\"ids\":[-1]}", "DecodeRequest");
        refuses("/v1/decode", "{\"ids\":[4294967295]}", "ids: 4294967295");
    }

    @Test
    void isHealthyAndMeasured() {
        given().get("/q/health/live").then().statusCode(200);
        given().get("/q/health/ready").then().statusCode(200);
        given().get("/q/metrics").then().statusCode(200);
    }

    private static void refuses(String path, String body, String sentence) {
        given().contentType(ContentType.JSON)
                .body(body)
                .post(path)
                .then()
                .statusCode(400)
                .contentType(ContentType.JSON)
                .body("error", containsString(sentence));
    }
}
