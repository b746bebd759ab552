package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
 * The texts of a Parquet file: one column of it, or the only one of strings where the default one is missing. A missing value is an empty
 * row. Only that column is read, a row group at a time. Positions are numbers of rows.
 *
 * @param file to read
 */
record ParquetRows(Path file, Utf8Text text, String column) implements Rows {
    @Override
    public void forEach(Sink sink) throws IOException {
        try (ParquetFileReader reader = open()) {
            MessageType all = reader.getFileMetaData().getSchema();
            MessageType wanted = new MessageType(all.getName(), textColumn(all));
            reader.setRequestedSchema(wanted);
            long number = 0;
            for (PageReadStore rows = next(reader); rows != null; rows = next(reader)) {
                RecordReader<Group> records = records(rows, wanted);
                for (long i = 0; i < rows.getRowCount(); i++) {
                    sink.accept(number, new TextRun(value(records, number), true, true));
                    number++;
                }
            }
        }
    }

    @Override
    public long extent() throws IOException {
        try (ParquetFileReader reader = open()) {
            return reader.getRecordCount();
        }
    }

    private ParquetFileReader open() throws IOException {
        ParquetReadOptions options =
                ParquetReadOptions.builder(new PlainParquetConfiguration()).build();
        try {
            return ParquetFileReader.open(new LocalInputFile(file), options);
        } catch (RuntimeException e) {
            throw damaged(e);
        }
    }

    private PageReadStore next(ParquetFileReader reader) throws IOException {
        try {
            return reader.readNextRowGroup();
        } catch (RuntimeException e) {
            throw damaged(e);
        }
    }

    private RecordReader<Group> records(PageReadStore rows, MessageType wanted) {
        try {
            return new ColumnIOFactory().getColumnIO(wanted).getRecordReader(rows, new GroupRecordConverter(wanted));
        } catch (RuntimeException e) {
            throw damaged(e);
        }
    }

    private String value(RecordReader<Group> records, long number) {
        byte[] utf8;
        try {
            Group row = records.read();
            if (row.getFieldRepetitionCount(0) == 0) {
                return "";
            }
            utf8 = row.getBinary(0, 0).getBytesUnsafe();
        } catch (RuntimeException e) {
            throw damaged(e);
        }
        return new Utf8Text(text.label() + " row " + number, text.errors()).decode(utf8, 0, utf8.length, 0);
    }

    /** The library tells of damage in many ways. */
    private SourceException damaged(RuntimeException e) {
        return new SourceException("dataset.source: " + text.label() + " cannot be read as Parquet: " + e, e);
    }

    private Type textColumn(MessageType schema) {
        List<Type> texts =
                schema.getFields().stream().filter(ParquetRows::isText).toList();
        boolean mayBeAnother = column.equals(CorpusRules.DEFAULT_TEXT_FIELD) && texts.size() == 1;
        return texts.stream()
                .filter(candidate -> candidate.getName().equals(column))
                .findFirst()
                .or(() -> mayBeAnother ? Optional.of(texts.get(0)) : Optional.empty())
                .orElseThrow(() -> new SourceException(
                        "dataset.source: %s has no column '%s' of strings, and not exactly one such column but %d: %s; dataset.textField says which one holds the text"
                                .formatted(
                                        text.label(),
                                        column,
                                        texts.size(),
                                        texts.stream().map(Type::getName).toList())));
    }

    private static boolean isText(Type column) {
        return column.isPrimitive()
                && !column.isRepetition(Type.Repetition.REPEATED)
                && LogicalTypeAnnotation.stringType().equals(column.getLogicalTypeAnnotation());
    }
}
