using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;
using Xunit;

namespace Fourteen.Protocol.Tests;

/// <summary>Walks the tables: every field of every endpoint does what its row says.</summary>
public sealed class FieldTableTests
{
    private static readonly string[] WrongValues =
        ["true", "12345678901234567890", "1e400", "-2.5", "\"zzz\"", "\"\"", "[]", "{}", "[[{}]]", "{\"a\": [null]}"];

    public static TheoryData<string> Paths => [.. Bodies.Paths];

    [Theory, MemberData(nameof(Paths))]
    public void HonouredField_WithASample_ChangesTheDraft(string path)
    {
        foreach ((string name, Field field) in FieldsOf(path, FieldTreatment.Honoured))
        {
            if (field.Members is not null || FieldSamples.Silent.Contains(name))
                continue;
            JsonObject body = Bodies.LeastOf(path);
            JsonObject sample = FieldSamples.Of(path, name, field);
            Bodies.Merge(body, sample);
            JsonObject without = (JsonObject)body.DeepClone();
            Remove(without, name);
            if (field.Name is "messages" or "prompt" or "input" or "tokens" or "content" or "model" or "name"
                or "max_tokens" or "input_prefix" or "input_suffix")
            {
                Bodies.Merge(without, Bodies.LeastOf(path));
            }

            if (field.Name == "stream")
                (body["stream"], without["stream"]) = (true, false);

            Assert.True(
                DraftText.Of(Bodies.Read(path, body)) != DraftText.Of(Bodies.Read(path, without)),
                $"{path} {name}: {body.ToJsonString()} changes nothing");
        }
    }

    [Theory, MemberData(nameof(Paths))]
    public void Field_ThatIsNull_IsAbsent(string path)
    {
        string least = DraftText.Of(Bodies.Read(path, Bodies.LeastOf(path)));
        foreach ((string name, Field _) in FieldsOf(path, null))
        {
            JsonObject body = Bodies.LeastOf(path);
            if (body.ContainsKey(name))
                continue;
            Bodies.Merge(body, FieldSamples.Nest(name, null));
            Assert.Equal(least, DraftText.Of(Bodies.Read(path, body)), StringComparer.Ordinal);
        }
    }

    [Theory, MemberData(nameof(Paths))]
    public void HarmlessField_WithAnyValue_ChangesNothing(string path)
    {
        string least = DraftText.Of(Bodies.Read(path, Bodies.LeastOf(path)));
        foreach ((string name, Field _) in FieldsOf(path, FieldTreatment.Harmless))
        {
            foreach (string value in WrongValues)
                Assert.Equal(least, DraftText.Of(ReadWith(path, name, value)));
        }
    }

    [Theory, MemberData(nameof(Paths))]
    public void RefusedField_WithAValue_IsNamedByTheError(string path)
    {
        string least = DraftText.Of(Bodies.Read(path, Bodies.LeastOf(path)));
        foreach ((string name, Field field) in FieldsOf(path, FieldTreatment.Refused))
        {
            var refused = Assert.Throws<RequestException>(() => ReadWith(path, name, "[\"zzz\"]"));
            Assert.Equal(name, refused.Parameter);
            Assert.Contains(name, refused.Message, StringComparison.Ordinal);
            Assert.Equal(FailureKind.InvalidRequest, refused.Kind);
            if (field.Neutral is { } neutral)
                Assert.Equal(least, DraftText.Of(ReadWith(path, name, neutral)));
        }
    }

    [Theory, MemberData(nameof(Paths))]
    public void HonouredField_OfAWrongType_IsNamedByTheError(string path)
    {
        foreach ((string name, Field _) in FieldsOf(path, FieldTreatment.Honoured))
        {
            int refusals = 0;
            foreach (string value in WrongValues)
            {
                try
                {
                    ReadWith(path, name, value);
                }
                catch (RequestException refused)
                {
                    refusals++;
                    string root = name.Split('.')[0];
                    Assert.True(
                        refused.Parameter.StartsWith(root, StringComparison.Ordinal)
                        && refused.Message.Contains(refused.Parameter, StringComparison.Ordinal),
                        $"{path} {name}: {value}: {refused.Parameter}: {refused.Message}");
                }
            }

            Assert.True(refusals > 0, $"{path} {name} takes anything");
        }
    }

    [Theory, MemberData(nameof(Paths))]
    public void Field_ThatNobodyKnows_IsNamedAsIgnored(string path)
    {
        RequestDraft draft = Bodies.ReadWith(path, """{"no_such_field": 1, "né,\nw": {}, "gone": null}""");

        Assert.Equal(["no_such_field", "n???w"], draft.Ignored);
    }

    [Fact]
    public void IgnoredFields_OfAHostileBody_AreBounded()
    {
        string members = string.Join(',', Enumerable.Range(0, 1000).Select(i => $"\"{new string('k', 200)}{i}\": 1"));

        RequestDraft draft = Bodies.ReadWith("/api/chat", $"{{{members}}}");

        Assert.Equal(32, draft.Ignored.Count);
        Assert.All(draft.Ignored, name => Assert.InRange(name.Length, 1, 120));
    }

    [Fact]
    public void MembersOfMessagesAndBlocks_ThatNobodyKnows_AreNamedAsIgnored()
    {
        Assert.Equal(["messages[0].x"], Bodies.ReadWith(
            "/v1/chat/completions", """{"messages": [{"role": "user", "content": "a", "x": 1}]}""").Ignored);
        Assert.Equal(["messages[0].x"], Bodies.ReadWith(
            "/api/chat", """{"messages": [{"role": "user", "content": "a", "x": 1}]}""").Ignored);
        Assert.Equal(["messages[0].content[0].x"], Bodies.ReadWith(
            "/v1/messages",
            """{"messages": [{"role": "user", "content": [{"type": "text", "text": "a", "x": 1}]}]}""").Ignored);
        Assert.Equal(["options.x"], Bodies.ReadWith("/api/generate", """{"options": {"x": 1}}""").Ignored);
    }

    /// <summary>Fields of an endpoint and of the objects in it, by their paths.</summary>
    private static IEnumerable<(string Path, Field Field)> FieldsOf(string path, FieldTreatment? treatment) =>
        Walk("", Bodies.Endpoint(path).Fields).Where(found => treatment is null || found.Field.Treatment == treatment);

    private static IEnumerable<(string Path, Field Field)> Walk(string prefix, FieldTable table)
    {
        foreach (Field field in table.Fields)
        {
            yield return (prefix + field.Name, field);
            if (field.Members is null)
                continue;
            foreach ((string, Field) member in Walk($"{prefix}{field.Name}.", field.Members))
                yield return member;
        }
    }

    private static RequestDraft ReadWith(string path, string name, string value)
    {
        JsonObject body = Bodies.LeastOf(path);
        // A number beyond every type has no node, so that it is put in as text.
        Bodies.Merge(body, FieldSamples.Nest(name, "@value@"));
        return Bodies.Read(path, body.ToJsonString().Replace("\"@value@\"", value));
    }

    private static void Remove(JsonObject body, string path)
    {
        string[] names = path.Split('.');
        JsonObject holder = body;
        foreach (string name in names[..^1])
            holder = (JsonObject)holder[name]!;
        holder.Remove(names[^1]);
    }
}
