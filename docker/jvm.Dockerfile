# The four services on the JVM, one target each: tokenizer, dataset, trainer, inference.
#
#   mvn -DskipTests package
#   docker build -f docker/jvm.Dockerfile --target trainer -t infinito/trainer:0.1.0 .
#
# The jars come from Maven, which also ran the tests on them: nothing is compiled or downloaded here. linux/amd64 only, as the
# native libraries are.
ARG JDK=eclipse-temurin:25-jdk
ARG JRE=eclipse-temurin:25-jre

# Native libraries as files. DJL would unpack them at each start, into a folder that a read-only container does not have.
FROM ${JDK} AS native-libraries
WORKDIR /unpack
COPY trainer-service/target/quarkus-app/lib/main/ai.djl.*.jar ./
RUN mkdir -p /native/torch /native/tokenizers \
 && jar -x -f ai.djl.pytorch.pytorch-native-cpu-*-linux-x86_64.jar pytorch/cpu/linux-x86_64 \
 && jar -x -f ai.djl.pytorch.pytorch-jni-*.jar jnilib/linux-x86_64/cpu \
 && jar -x -f ai.djl.huggingface.tokenizers-*.jar native/lib/linux-x86_64/cpu \
 && mv pytorch/cpu/linux-x86_64/* jnilib/linux-x86_64/cpu/* /native/torch \
 && mv native/lib/linux-x86_64/cpu/* /native/tokenizers

FROM ${JRE} AS service
# The user has a number only. What it may write: /var/lib/infinito and /tmp, where JNA and the codecs of Kafka put their libraries.
RUN mkdir -p /var/lib/infinito && chown 10001:0 /var/lib/infinito && chmod 770 /var/lib/infinito
COPY docker/health /opt/infinito/health
WORKDIR /opt/infinito/app
ENV HOME=/tmp \
    DJL_CACHE_DIR=/tmp/djl \
    DJL_OFFLINE=true \
    OPT_OUT_TRACKING=true
USER 10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["java", "-jar", "quarkus-run.jar"]

FROM service AS tokenizer
COPY --from=native-libraries /native/tokenizers /opt/infinito/native/tokenizers
COPY tokenizer-service/target/quarkus-app/lib lib
COPY tokenizer-service/target/quarkus-app/quarkus quarkus
COPY tokenizer-service/target/quarkus-app/app app
COPY tokenizer-service/target/quarkus-app/quarkus-run.jar ./
ENV QUARKUS_HTTP_PORT=8081 \
    QUARKUS_GRPC_SERVER_PORT=9001 \
    RUST_LIBRARY_PATH=/opt/infinito/native/tokenizers/libtokenizers.so \
    JDK_JAVA_OPTIONS="-Xmx512m -XX:MetaspaceSize=96m -XX:+ExitOnOutOfMemoryError --enable-native-access=ALL-UNNAMED"
EXPOSE 8081 9001
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["bash", "/opt/infinito/health", "ready"]

FROM service AS dataset
COPY dataset-service/target/quarkus-app/lib lib
COPY dataset-service/target/quarkus-app/quarkus quarkus
COPY dataset-service/target/quarkus-app/app app
COPY dataset-service/target/quarkus-app/quarkus-run.jar ./
ENV QUARKUS_HTTP_PORT=8082 \
    INFINITO_DATASET_WORK_FOLDER=/var/lib/infinito \
    JDK_JAVA_OPTIONS="-Xmx512m -XX:MetaspaceSize=96m -XX:+ExitOnOutOfMemoryError --enable-native-access=ALL-UNNAMED"
EXPOSE 8082
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["bash", "/opt/infinito/health", "ready"]

FROM service AS trainer
COPY --from=native-libraries /native /opt/infinito/native
COPY trainer-service/target/quarkus-app/lib lib
COPY trainer-service/target/quarkus-app/quarkus quarkus
COPY trainer-service/target/quarkus-app/app app
COPY trainer-service/target/quarkus-app/quarkus-run.jar ./
# The allocator keeps the memory of one step for the next, instead of giving it back and faulting it in again.
# Threads that wait stay awake for some microseconds: longer costs much as soon as another process wants a processor.
# A job that does not fit into the heap fails with a sentence: so no ExitOnOutOfMemoryError, which would start it again and again.
ENV QUARKUS_HTTP_PORT=8083 \
    INFINITO_TRAINER_WORK_FOLDER=/var/lib/infinito \
    PYTORCH_LIBRARY_PATH=/opt/infinito/native/torch \
    PYTORCH_VERSION=2.7.1 \
    PYTORCH_FLAVOR=cpu \
    RUST_LIBRARY_PATH=/opt/infinito/native/tokenizers/libtokenizers.so \
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_MAX_=0 \
    MALLOC_TRIM_THRESHOLD_=8000000000 \
    GOMP_SPINCOUNT=1000 \
    JDK_JAVA_OPTIONS="-XX:MaxRAMPercentage=40 -XX:MaxDirectMemorySize=16g --enable-native-access=ALL-UNNAMED"
EXPOSE 8083
HEALTHCHECK --interval=10s --timeout=5s --start-period=150s CMD ["bash", "/opt/infinito/health", "ready"]

FROM service AS inference
COPY --from=native-libraries /native /opt/infinito/native
COPY inference-service/target/quarkus-app/lib lib
COPY inference-service/target/quarkus-app/quarkus quarkus
COPY inference-service/target/quarkus-app/app app
COPY inference-service/target/quarkus-app/quarkus-run.jar ./
# Threads of libtorch that wait must not spin: on a shared machine that costs other containers, and itself, far more than it saves.
ENV QUARKUS_HTTP_PORT=8084 \
    QUARKUS_GRPC_SERVER_PORT=9000 \
    INFINITO_INFERENCE_CACHE_DIRECTORY=/var/lib/infinito \
    PYTORCH_LIBRARY_PATH=/opt/infinito/native/torch \
    PYTORCH_VERSION=2.7.1 \
    PYTORCH_FLAVOR=cpu \
    RUST_LIBRARY_PATH=/opt/infinito/native/tokenizers/libtokenizers.so \
    OMP_WAIT_POLICY=passive \
    JDK_JAVA_OPTIONS="-Xmx512m -XX:MetaspaceSize=96m -XX:+ExitOnOutOfMemoryError --enable-native-access=ALL-UNNAMED"
EXPOSE 8084 9000
# Live, not ready: it is ready only when a model was trained, which may be long after the start.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["bash", "/opt/infinito/health", "live"]
