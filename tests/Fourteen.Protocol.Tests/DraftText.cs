using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Fourteen.Protocol.Dialects;

namespace Fourteen.Protocol.Tests;

/// <summary>A draft and all in it as text, so that two can be compared; what it ignores is left out.</summary>
internal static class DraftText
{
    internal static string Of(RequestDraft draft)
    {
        var text = new StringBuilder();
        Append(text, draft);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case JsonNode node:
                text.Append(node.ToJsonString());
                break;
            case string or ValueType when value.GetType() is { IsPrimitive: true } or { IsEnum: true }
                || value is string or TimeSpan or decimal:
                text.Append(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
            case IEnumerable items:
                text.Append('[');
                foreach (object? item in items)
                {
                    Append(text, item);
                    text.Append("; ");
                }

                text.Append(']');
                break;
            default:
                text.Append(value.GetType().Name).Append('{');
                foreach (PropertyInfo property in value.GetType().GetProperties(
                    BindingFlags.Public | BindingFlags.Instance))
                {
                    if (property.Name == nameof(RequestDraft.Ignored))
                        continue;
                    text.Append(property.Name).Append('=');
                    Append(text, property.GetValue(value));
                    text.Append("; ");
                }

                text.Append('}');
                break;
        }
    }
}
