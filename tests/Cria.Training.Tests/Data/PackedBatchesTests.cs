using Cria.Tensors;
using Cria.Training.Data;

namespace Cria.Training.Tests.Data;

public class PackedBatchesTests
{
    [Fact]
    public void Every_document_stands_whole_in_one_row_once_a_pass()
    {
        for (int round = 0; round < 60; round++)
        {
            var random = new Random(round);
            int rowLength = random.Next(1, 80);
            ExampleStore store = RandomStore(random, random.Next(1, 300), rowLength);
            var batch = new TrainingBatch(1, rowLength);
            var batches = PackedBatches.ForTraining(store, rowLength, (ulong)round);
            for (int pass = 0; pass < 2; pass++)
            {
                List<int> seen = [];
                for (int rows = batches.RowCount; rows > 0; rows--)
                {
                    Assert.True(batches.Next(batch));
                    seen.AddRange(DocumentsOf(batch, store));
                }
                Assert.Equal(Enumerable.Range(0, store.Count).Where(i => store.Length(i) > 1), seen.Order());
            }
        }
    }

    [Fact]
    public void Validation_is_one_pass_and_the_same_each_time()
    {
        var random = new Random(1);
        ExampleStore store = RandomStore(random, 100, 50);
        var batches = PackedBatches.ForValidation(store, 50);
        List<int[]> first = Rest(batches, new TrainingBatch(3, 50));
        Assert.False(batches.Next(new TrainingBatch(3, 50)));
        Assert.Equal((batches.RowCount + 2) / 3, first.Count);
        Assert.Equal(first, Rest(PackedBatches.ForValidation(store, 50), new TrainingBatch(3, 50)));
    }

    [Fact]
    public void Going_on_from_a_cursor_gives_the_batches_that_would_have_come()
    {
        var random = new Random(2);
        ExampleStore store = RandomStore(random, 9000, 64);
        var batches = PackedBatches.ForTraining(store, 64, seed: 7);
        var batch = new TrainingBatch(16, 64);
        List<(DataCursor Before, int[] Tokens, int[] Targets)> came = [];
        while (batches.Cursor.Epoch < 3)
        {
            DataCursor before = batches.Cursor;
            batches.Next(batch);
            came.Add((before, [.. batch.Tokens], [.. batch.Targets]));
        }
        for (int round = 0; round < 20; round++)
        {
            int at = random.Next(came.Count - 3);
            var resumed = PackedBatches.ForTraining(store, 64, seed: 7);
            resumed.Cursor = came[at].Before;
            for (int i = at; i < at + 3; i++)
            {
                resumed.Next(batch);
                Assert.Equal(came[i].Tokens, batch.Tokens);
                Assert.Equal(came[i].Targets, batch.Targets);
            }
        }
        var other = PackedBatches.ForTraining(store, 64, seed: 8);
        other.Next(batch);
        Assert.NotEqual(came[0].Tokens, batch.Tokens);
    }

    [Fact]
    public void Hardly_any_room_is_left_over()
    {
        var random = new Random(3);
        var store = new ExampleStore();
        for (int i = 0; i < 20_000; i++) store.Add(new int[2 + (int)(Math.Pow(random.NextDouble(), 4) * 1000)]);
        Assert.InRange(PackedBatches.ForTraining(store, 1024, 0).FillShare, 0.995, 1);
    }

    [Fact]
    public void Neighbours_in_a_row_are_others_in_the_next_pass()
    {
        var random = new Random(4);
        ExampleStore store = RandomStore(random, 2000, 40, shortest: 8);
        var batches = PackedBatches.ForTraining(store, 40, 0);
        var batch = new TrainingBatch(1, 40);
        HashSet<string>[] passes = [[], []];
        foreach (HashSet<string> rows in passes)
        {
            for (int i = batches.RowCount; i > 0; i--)
            {
                batches.Next(batch);
                if (batch.Documents.Count > 1) rows.Add(string.Join(' ', DocumentsOf(batch, store)));
            }
        }
        Assert.InRange(passes[0].Intersect(passes[1]).Count(), 0, passes[0].Count / 20);
    }

    [Fact]
    public void Bad_data_is_refused()
    {
        var store = new ExampleStore();
        Assert.Contains("empty", Assert.Throws<CriaException>(() => PackedBatches.ForTraining(store, 8, 0)).Message, StringComparison.Ordinal);
        store.Add([1]);
        Assert.Contains("empty", Assert.Throws<CriaException>(() => PackedBatches.ForTraining(store, 8, 0)).Message, StringComparison.Ordinal);
        store.Add([1, 2, 3]);
        Assert.Contains("has 3 tokens", Assert.Throws<CriaException>(() => PackedBatches.ForTraining(store, 1, 0)).Message, StringComparison.Ordinal);
        var batches = PackedBatches.ForTraining(store, 8, 0);
        Assert.Contains("has 1 rows, but 9", Assert.Throws<CriaException>(() => batches.Cursor = new DataCursor(2, 9)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_two_parts_of_a_split_are_the_whole()
    {
        ExampleStore store = RandomStore(new Random(5), 200, 30);
        (IExampleSource training, IExampleSource validation) = store.Split(0.1, 3);
        Assert.Equal((180, 20), (training.Count, validation.Count));
        Assert.Equal(All(store).Order(StringComparer.Ordinal), All(training).Concat(All(validation)).Order(StringComparer.Ordinal));
        Assert.Equal(All(validation), All(store.Split(0.1, 3).Validation));
        Assert.NotEqual(All(validation), All(store.Split(0.1, 4).Validation));
        Assert.Equal(1, store.Split(1e-9, 0).Validation.Count);
        Assert.Equal(1, store.Split(0.9999, 0).Training.Count);

        static string[] All(IExampleSource source) => [.. Enumerable.Range(0, source.Count).Select(i => string.Join(' ', source[i].Tokens))];
    }

    /// <summary>Documents whose first token is their number; random marks.</summary>
    private static ExampleStore RandomStore(Random random, int count, int rowLength, int shortest = 1)
    {
        var store = new ExampleStore();
        store.Add([0, 1]);
        for (int i = 1; i < count; i++)
        {
            var tokens = new int[random.Next(shortest, rowLength + 2)];
            for (int t = 0; t < tokens.Length; t++) tokens[t] = t == 0 ? i : random.Next(100_000);
            store.Add(tokens, random.Next(2) == 0 ? [] : [.. tokens.Select(_ => random.Next(2) == 0)]);
        }
        return store;
    }

    /// <summary>The numbers of the batch's documents, which must lie in their rows, apart, with their own targets.</summary>
    private static List<int> DocumentsOf(TrainingBatch batch, ExampleStore store)
    {
        int at = 0, learnt = 0;
        List<int> numbers = [];
        foreach (DocumentSpan span in batch.Documents)
        {
            Assert.True(span.Start >= at);
            Assert.Equal(span.Start / batch.RowLength, (span.Start + span.Count - 1) / batch.RowLength);
            at = span.Start + span.Count;
            int number = batch.Tokens[span.Start];
            TrainingExample example = store[number];
            Assert.Equal(example.Tokens[..^1], batch.Tokens.AsSpan(span.Start, span.Count).ToArray());
            for (int i = 0; i < span.Count; i++)
                Assert.Equal(example.InLoss?[i + 1] == false ? TrainingBatch.Ignored : example.Tokens[i + 1], batch.Targets[span.Start + i]);
            learnt += span.Count;
            numbers.Add(number);
        }
        Assert.Equal(learnt, batch.TokenCount);
        for (int i = 0; i < batch.Targets.Length; i++)
            if (!batch.Documents.Exists(span => i >= span.Start && i < span.Start + span.Count)) Assert.Equal(TrainingBatch.Ignored, batch.Targets[i]);
        return numbers;
    }

    private static List<int[]> Rest(PackedBatches batches, TrainingBatch batch)
    {
        List<int[]> all = [];
        while (batches.Next(batch)) all.Add([.. batch.Tokens]);
        return all;
    }
}
