using System.Globalization;
using System.Text;
using Fourteen.Engine.ChatTemplates.Values;

namespace Fourteen.Engine.ChatTemplates.Library;

/// <summary>
/// <c>strftime_now(format)</c>: the clock in C's format, with English names, as a time without zone. The flags of GNU's
/// C library (<c>%-d</c>, <c>%_d</c>, <c>%^a</c>) are known.
/// </summary>
internal static class Strftime
{
    private static readonly string[] Days =
        ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    private static readonly string[] Months =
    [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ];

    public static string Format(DateTimeOffset now, string format)
    {
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            int start = i++;
            char flag = format[i] is '-' or '_' or '0' or '^' or '#' ? format[i++] : '\0';
            string? part = i < format.Length ? Part(now.DateTime, format[i], flag) : null;
            if (part is null)
                text.Append(format, start, Math.Min(i, format.Length - 1) - start + 1); // Unknown: left as it is.
            else
                text.Append(flag == '^' ? part.ToUpperInvariant() : part);
            if (text.Length > TemplateLimits.TextChars)
                throw RenderContext.TooLong();
        }

        return text.ToString();
    }

    private static string? Part(DateTime now, char directive, char flag)
    {
        int hour12 = now.Hour % 12 == 0 ? 12 : now.Hour % 12;
        int weekday = (int)now.DayOfWeek;
        switch (directive)
        {
            case 'a': return Days[weekday][..3];
            case 'A': return Days[weekday];
            case 'b' or 'h': return Months[now.Month - 1][..3];
            case 'B': return Months[now.Month - 1];
            case 'c': return Format(now, "%a %b %e %H:%M:%S %Y");
            case 'C': return Number(now.Year / 100, 2, '0', flag);
            case 'd': return Number(now.Day, 2, '0', flag);
            case 'D' or 'x': return Format(now, "%m/%d/%y");
            case 'e': return Number(now.Day, 2, ' ', flag);
            case 'f': return (now.Ticks / 10 % 1_000_000).ToString("000000", CultureInfo.InvariantCulture);
            case 'F': return Format(now, "%Y-%m-%d");
            case 'g': return Number(ISOWeek.GetYear(now) % 100, 2, '0', flag);
            case 'G': return Number(ISOWeek.GetYear(now), 4, '0', flag);
            case 'H': return Number(now.Hour, 2, '0', flag);
            case 'I': return Number(hour12, 2, '0', flag);
            case 'j': return Number(now.DayOfYear, 3, '0', flag);
            case 'k': return Number(now.Hour, 2, ' ', flag);
            case 'l': return Number(hour12, 2, ' ', flag);
            case 'm': return Number(now.Month, 2, '0', flag);
            case 'M': return Number(now.Minute, 2, '0', flag);
            case 'n': return "\n";
            case 'p': return flag == '#' ? (now.Hour < 12 ? "am" : "pm") : now.Hour < 12 ? "AM" : "PM";
            case 'P': return now.Hour < 12 ? "am" : "pm";
            case 'r': return Format(now, "%I:%M:%S %p");
            case 'R': return Format(now, "%H:%M");
            case 's':
                return new DateTimeOffset(now, TimeSpan.Zero).ToUnixTimeSeconds()
                .ToString(CultureInfo.InvariantCulture);
            case 'S': return Number(now.Second, 2, '0', flag);
            case 't': return "\t";
            case 'T' or 'X': return Format(now, "%H:%M:%S");
            case 'u': return Number(weekday == 0 ? 7 : weekday, 1, '0', flag);
            case 'U': return Number((now.DayOfYear + 6 - weekday) / 7, 2, '0', flag);
            case 'V': return Number(ISOWeek.GetWeekOfYear(now), 2, '0', flag);
            case 'w': return Number(weekday, 1, '0', flag);
            case 'W': return Number((now.DayOfYear + 6 - ((weekday + 6) % 7)) / 7, 2, '0', flag);
            case 'y': return Number(now.Year % 100, 2, '0', flag);
            case 'Y': return now.Year.ToString(CultureInfo.InvariantCulture);
            case 'z' or 'Z': return "";
            case '%': return "%";
            default: return null;
        }
    }

    private static string Format(DateTime now, string format) => Format(new DateTimeOffset(now, TimeSpan.Zero), format);

    private static string Number(int value, int width, char padding, char flag)
    {
        string digits = value.ToString(CultureInfo.InvariantCulture);
        return flag switch
        {
            '-' => digits,
            '_' => digits.PadLeft(width, ' '),
            '0' => digits.PadLeft(width, '0'),
            _ => digits.PadLeft(width, padding),
        };
    }
}
