/** How Infinito's messages travel on Kafka: topic names, proto3 JSON, CloudEvents headers, and the topics' settings. */
package io.infinito.events;
