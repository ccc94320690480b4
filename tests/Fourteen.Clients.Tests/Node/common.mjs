// What the tiny model knows, and how a script hands its findings to the test: one JSON object on standard output.
export const address = process.argv[2];
export const model = process.argv[3];
export const slowModel = process.argv[4];

export const capital = "What is the capital of France?";
export const weather = "What is the weather in Paris?";
export const story = "Write a very long story about a lighthouse, at least two thousand words.";
export const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
export const description = "Current weather of a city";

export const tell = findings => console.log(JSON.stringify(findings));

// The name and status of the error that a call ends with.
export async function errorOf(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { name: error.constructor.name, status: error.status ?? error.status_code, message: error.message };
  }
}
