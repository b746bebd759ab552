package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * The texts of a Parquet file: its column {@code text}, or the only one of strings. A missing value is an empty row. Only that column is
 * read, a row group at a time.
 *
 * @param file to read
 * @param label what messages call it
 */
record ParquetRows(Path file, String label) implements Rows {
    private static final String TEXT = "text";

    @Override
    public void forEach(Consumer<String> sink) throws IOException {
        ParquetReadOptions options =
                ParquetReadOptions.builder(new PlainParquetConfiguration()).build();
        try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file), options)) {
            MessageType all = reader.getFileMetaData().getSchema();
            MessageType column = new MessageType(all.getName(), textColumn(all));
            reader.setRequestedSchema(column);
            for (PageReadStore rows = reader.readNextRowGroup(); rows != null; rows = reader.readNextRowGroup()) {
                RecordReader<Group> records = new ColumnIOFactory()
                        .getColumnIO(column)
                        .getRecordReader(rows, new GroupRecordConverter(column));
                for (long i = 0; i < rows.getRowCount(); i++) {
                    Group row = records.read();
                    sink.accept(row.getFieldRepetitionCount(0) == 0 ? "" : row.getString(0, 0));
                }
            }
        } catch (SourceException e) {
            throw e;
        } catch (RuntimeException e) {
            // The library tells of damage in many ways.
            throw new SourceException("dataset.source: " + label + " cannot be read as Parquet: " + e, e);
        }
    }

    private Type textColumn(MessageType schema) {
        List<Type> texts =
                schema.getFields().stream().filter(ParquetRows::isText).toList();
        return texts.stream()
                .filter(column -> column.getName().equals(TEXT))
                .findFirst()
                .or(() -> texts.size() == 1 ? texts.stream().findFirst() : java.util.Optional.empty())
                .orElseThrow(() -> new SourceException("dataset.source: " + label
                        + " has no column 'text', and not exactly one of strings but " + texts.size() + ": "
                        + texts.stream().map(Type::getName).toList()));
    }

    private static boolean isText(Type column) {
        return column.isPrimitive()
                && !column.isRepetition(Type.Repetition.REPEATED)
                && LogicalTypeAnnotation.stringType().equals(column.getLogicalTypeAnnotation());
    }
}
